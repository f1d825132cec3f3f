import { existsSync, writeFileSync } from 'node:fs'
import { defineJob, limits } from '../../../../sdk/index.ts'

/** Whether the incident's `mend` has run: a file in the folder of the worker. */
const isMended = (): boolean => existsSync('mended')

/** True once per folder. */
function isFirst(name: string): boolean {
  try {
    writeFileSync(name, '', { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Packs forever the first time. */
export const ship = defineJob({ name: 'ship' }, async ({ step }) => {
  await step.run('pack', async ({ signal }) => {
    if (isFirst('packing')) await aborted(signal)
  })
})

export const pay = defineJob({ name: 'pay', retry: false }, async ({ step }) => {
  await step.run(
    'charge',
    () => {
      if (!isMended()) throw new TypeError("Cannot read properties of undefined (reading 'sku')")
    },
    { retry: false },
  )
})

export const report = defineJob({ name: 'report' }, async ({ step }) => {
  await step.run('render', ({ signal }) => (isMended() ? undefined : aborted(signal)), {
    timeout: '100ms',
    retry: false,
  })
})

export const mail = defineJob({ name: 'mail', queue: 'mail' }, async () => {})

/** Syncs until its signal aborts, or not at all. */
export const sync = defineJob<{ readonly forever?: boolean }, void>(
  { name: 'sync', limits: [limits.concurrency({ name: 'tenant', max: 1 })] },
  async ({ input, abortSignal }) => {
    if (input.forever) await aborted(abortSignal)
  },
)

export const nightly = defineJob({ name: 'nightly' }, async () => {})

/** Its workers are lost by the incident. */
export const resize = defineJob({ name: 'resize' }, async ({ step }) => {
  await step.run('resize', () => undefined)
})
