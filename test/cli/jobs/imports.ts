import { z } from 'zod'
import { defineJob, FatalError } from '../../../sdk/index.ts'

/** Fails in its last step where the file's name says so. */
export const importFile = defineJob(
  { name: 'import-file', input: z.object({ file: z.string(), rows: z.number().int().default(2) }) },
  async ({ input, step }) => {
    const rows = await step.run('read', () => input.rows)
    await step.run(
      'ask provider',
      ({ attempt }) => {
        if (attempt === 1) throw new Error('connection reset')
      },
      { retry: { initialInterval: '1ms' } },
    )
    for (let row = 0; row < rows; row++) await step.run('insert', () => row, { key: row })
    await step.run('charge', () => 'charged', { atMostOnce: true })
    await step.run('check', () => check(input.file), { retry: { maxAttempts: 2, initialInterval: '1ms' } })
    return { rows, at: new Date(0), total: 10n }
  },
)

function check(file: string): void {
  if (file === 'bad.csv') throw new Error('row 7 has no email', { cause: new TypeError('email is missing') })
  if (file === 'control.csv') throw new FatalError('a \u001b[31mred\u001b[0m\u0008error\nin two lines')
}

export const slow = defineJob({ name: 'slow', queue: 'slowly' }, async ({ step }) => {
  await step.sleep('nap', '1h')
})

export const silent = defineJob({ name: 'silent' }, async () => {})
