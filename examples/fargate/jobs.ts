import { defineJob } from 'durable-jobs'
import { z } from 'zod'

/**
 * Imports a list page by page. Each page is a step: if the task is stopped, another task fetches at most the current
 * page again.
 */
export const importCustomers = defineJob(
  { name: 'import-customers', queue: 'imports', input: z.object({ url: z.url() }) },
  async ({ input, step }) => {
    let imported = 0
    for (let page = 1; ; page++) {
      const count = await step.run(`page ${page}`, ({ signal }) => importPage(input.url, page, signal))
      if (count === 0) return { imported }
      imported += count
    }
  },
)

/**
 * Charges an order. The body runs at most once: a stopped task waits for its end, and after a crash in it `onUnknown`
 * asks the provider whether the charge arrived.
 */
export const chargeOrder = defineJob(
  { name: 'charge-order', queue: 'payments', input: z.object({ url: z.url(), cents: z.int().positive() }) },
  async ({ input, step }) =>
    step.run('charge', ({ idempotencyKey }) => charge(`${input.url}/${idempotencyKey}`, input.cents), {
      atMostOnce: true,
      onUnknown: async ({ idempotencyKey }) =>
        (await findCharge(`${input.url}/${idempotencyKey}`)) ?? step.again,
    }),
)

async function importPage(url: string, page: number, signal: AbortSignal): Promise<number> {
  const response = await fetch(`${url}?page=${page}`, { signal })
  if (!response.ok) throw new Error(`page ${page}: ${response.status}`)
  const customers: unknown = await response.json()
  if (!Array.isArray(customers)) throw new Error(`page ${page} is not a list`)
  // A real job would write the customers to a database here.
  return customers.length
}

async function charge(url: string, cents: number): Promise<string> {
  const response = await fetch(url, { method: 'PUT', body: `${cents}` })
  if (!response.ok) throw new Error(`the charge was refused: ${response.status}`)
  return response.text()
}

async function findCharge(url: string): Promise<string | undefined> {
  const response = await fetch(url)
  if (response.status === 404) return undefined
  if (!response.ok) throw new Error(`the provider can't tell: ${response.status}`)
  return response.text()
}
