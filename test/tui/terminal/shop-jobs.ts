import { defineJob, limits } from '../../../sdk/index.ts'

/** Controls the jobs of one shop; a test opens the doors and brings the bank back. */
export interface ShopControl {
  /** Payments succeed. */
  isBankBack: boolean
  /** How often the step `load` of each run was executed. */
  readonly loads: Map<string, number>
}

export interface OrderInput {
  readonly order: string
  readonly lines: readonly { readonly sku: string; readonly pieces: number }[]
  readonly placed: Date
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** The same frames wherever the tests are. */
function declined(code: number): Error {
  const error = new Error(`card declined, code ${code}`)
  error.stack = [
    `Error: ${error.message}`,
    '    at charge (/app/src/bank.ts:12:5)',
    '    at settle (/app/src/orders.ts:40:3)',
  ].join('\n')
  return error
}

const soon = { maxAttempts: 2, initialInterval: 1, maxInterval: 1 } as const

export function shopJobs(control: ShopControl) {
  const gateway = limits.fixedWindow({ name: 'gateway', limit: 500, window: '1h' })
  const tenant = limits.concurrency({ name: 'tenant', max: 1 })
  /** Fails while the bank is down: its second try has another message than the first one. */
  const settle = defineJob<OrderInput>(
    { name: 'settle', queue: 'billing', retry: false },
    async ({ input, step, run }) => {
      await step.run('load', () => {
        control.loads.set(run.id, (control.loads.get(run.id) ?? 0) + 1)
        return { order: input.order, pieces: input.lines.length }
      })
      await step.scope('parcel', () => step.run('pack', () => 'packed'))
      await step.run(
        'charge',
        ({ attempt }) => {
          if (!control.isBankBack) throw declined(40 + attempt)
        },
        { retry: soon },
      )
    },
  )
  const refund = defineJob<{ readonly order: string }>(
    { name: 'refund', queue: 'billing', retry: false },
    async () => {
      if (!control.isBankBack) throw new TypeError('no such account')
    },
  )
  const mail = defineJob<{ readonly to: string }, { readonly sent: string }>(
    { name: 'mail', queue: 'mail', limits: [{ limiter: gateway }] },
    async ({ input }) => ({ sent: input.to }),
  )
  /** Runs until its signal aborts. */
  const ship = defineJob<{ readonly order: string }>({ name: 'ship' }, async ({ step }) => {
    await step.run('drive', ({ signal }) => aborted(signal))
  })
  const sync = defineJob<{ readonly tenant: string }>(
    { name: 'sync', limits: [tenant] },
    async ({ abortSignal }) => aborted(abortSignal),
  )
  const load = defineJob<{ readonly file: string }>({ name: 'load', queue: 'imports' }, async () => undefined)
  return { settle, refund, mail, ship, sync, load }
}
