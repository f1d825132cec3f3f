import { once } from 'node:events'
import { defineJob } from '../../../sdk/index.ts'

/** Its step says when it began, and ends with SIGUSR2 to its worker only. */
export const hold = defineJob({ name: 'hold', queue: 'holding' }, async ({ step }) => {
  await step.run('hold', async () => {
    const released = once(process, 'SIGUSR2')
    console.log('holding')
    await released
  })
  await step.run('after', () => undefined)
})
