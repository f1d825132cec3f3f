import { defineJob, limits } from '../../sdk/index.ts'

/** Jobs, steps and messages of such lengths as real ones have: no table holds all of them in 80 columns. */

const provider = limits.fixedWindow({ name: 'card-provider-requests', limit: 20, window: '1m' })

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

export const charge = defineJob<{ order: number }>(
  {
    name: 'charge-credit-card',
    queue: 'transactional-mails',
    schedule: { cron: '*/10 * * * *', timeZone: 'Europe/Berlin', input: { order: 1 } },
  },
  async ({ input: { order }, step }) => {
    await step.run('load the order with its lines', () => order, { atMostOnce: true })
    await step.run(
      'charge card',
      async ({ signal }) => {
        if (order % 2 === 0) await aborted(signal)
        throw new Error(
          'card declined: insufficient funds on the account of the customer, ask for another card',
        )
      },
      { retry: false, timeout: '50ms', limits: [provider] },
    )
  },
)

export const statement = defineJob({ name: 'send-monthly-statement' }, () => undefined)
export const digest = defineJob({ name: 'weekly-newsletter-digest', queue: 'bulk' }, () => undefined)
