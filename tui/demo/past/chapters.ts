import type { ByHand } from '../../../runtime/client/by-hand.ts'
import type { Facts } from '../shop/plot.ts'
import { plots } from '../shop/plots.ts'
import { type Arrival, cart, countryTagged, plain, tagged } from '../shop/traffic.ts'
import type { PastShop } from './past-shop.ts'

/** An event beside the ordinary traffic, this many minutes before the demo begins. */
export interface Chapter {
  readonly ago: number
  readonly happen: (shop: PastShop) => void | Promise<void>
}

/** Workers that run when the past ends; they continue as processes under the same names. */
export const presentWorkers = { old: ['shop-9'], new: ['shop-10', 'shop-11'] } as const
/** The number of the next worker's name. */
export const nextWorker = 12

const minute = 60_000
/** So long after their enqueue pay-outs are inside the step that moves the money. */
const insideTransferMs = 1_500

const maria = (reason: string): ByHand => ({ by: 'maria', reason })
const jonas = (reason: string): ByHand => ({ by: 'jonas', reason })

/** The day before the demo began; `reportTick` is the tick that will be missed, in minutes ago. */
export function chapters(reportTick: number): readonly Chapter[] {
  return [...earlier, ...outage(reportTick), ...deploy, ...lately].sort((a, b) => b.ago - a.ago)
}

const earlier: readonly Chapter[] = [
  {
    ago: 1_170,
    happen: ({ jobs }) => jobs.pauseQueue('mails', jonas('the mail provider is in maintenance, OPS-188')),
  },
  { ago: 1_148, happen: ({ jobs }) => jobs.resumeQueue('mails', jonas('maintenance is over')) },
  {
    ago: 600,
    happen: async (shop) => {
      const { fleet, releases } = shop
      fleet.deployWeb(releases.old)
      for (const [i, name] of ['shop-1', 'shop-2', 'shop-3'].entries()) {
        await fleet.join(`shop-${i + 4}`, releases.old)
        await drain(shop, name, 'release 16')
      }
    },
  },
  {
    // While the mail server is down.
    ago: 424,
    happen: (shop) =>
      enqueue(
        shop,
        many(12, () => tagged(plots.sendMail, shop.orders.mail('receipt'), 'template')),
      ),
  },
  {
    // Mails that failed meanwhile.
    ago: 310,
    happen: async ({ jobs }) => {
      const target = { kind: 'filter', filter: { job: 'send-mail', states: ['failed'] } } as const
      await jobs.actions.run('retry', target, maria('the mail server is back'))
    },
  },
  {
    ago: 178,
    happen: (shop) =>
      enqueue(
        shop,
        many(15, () => cart(shop.orders, shop.dice)),
      ),
  },
  {
    ago: 172,
    happen: async ({ jobs }) => {
      const target = { kind: 'filter', filter: { job: 'abandoned-cart', states: ['scheduled'] } } as const
      await jobs.actions.run('cancel', target, maria('the template shows last year’s discount'))
    },
  },
  {
    ago: 130,
    happen: async ({ jobs }) => {
      await jobs.schedules.trigger('sync-stock', maria('after the stock take'))
    },
  },
]

/** The machine with all workers is gone for two and a half minutes; a tick falls into that time. */
function outage(reportTick: number): readonly Chapter[] {
  const begin = reportTick + 50 / 60
  return [
    {
      ago: begin + insideTransferMs / minute,
      happen: async (shop) => {
        await enqueue(
          shop,
          many(3, () => plain(plots.payOut, shop.orders.payOut())),
        )
      },
    },
    { ago: begin, happen: ({ fleet }) => fleet.die() },
    {
      ago: reportTick - 100 / 60,
      happen: async ({ fleet, releases }) => {
        for (const name of ['shop-7', 'shop-8', 'shop-9']) await fleet.join(name, releases.old)
      },
    },
  ]
}

const deploy: readonly Chapter[] = [
  {
    ago: 8,
    happen: async ({ fleet, releases }) => {
      await fleet.join('shop-10', releases.new)
      fleet.deployWeb(releases.new)
    },
  },
  { ago: 7, happen: (shop) => drain(shop, 'shop-7', 'release 17') },
  { ago: 6.2, happen: ({ fleet, releases }) => fleet.join('shop-11', releases.new) },
  { ago: 5.4, happen: (shop) => drain(shop, 'shop-8', 'release 17') },
]

const lately: readonly Chapter[] = [
  {
    ago: 112,
    happen: async ({ jobs }) => {
      await jobs.limits.set(
        'payment-provider',
        { refill: 10 },
        jonas('they ask us to slow down, ticket 77120'),
      )
    },
  },
  {
    ago: 76,
    happen: async ({ jobs }) => {
      await jobs.limits.reset('payment-provider', jonas('their rate is back to normal'))
    },
  },
  {
    ago: 47,
    happen: async (shop) => {
      await shop.jobs.pauseQueue('imports', maria('nordtea sends wrong prices, OPS-231: ask Ravi first'))
      await enqueue(
        shop,
        many(9, () => plain(plots.importPrices, shop.orders.supplier())),
      )
    },
  },
  {
    ago: 31,
    happen: async ({ jobs }) => {
      await jobs.limits.set('pdf-renderer', { max: 2 }, jonas('the renderer runs out of memory with more'))
    },
  },
  {
    // They wake up in the deploy, whose code calls their next step as another kind of step.
    ago: 16.5,
    happen: (shop) =>
      enqueue(
        shop,
        many(5, () => plain(plots.payOut, shop.orders.payOut())),
      ),
  },
  {
    ago: 14.5,
    happen: (shop) =>
      enqueue(
        shop,
        many(18, () => ({
          ...plain(plots.invoicePdf, { order: shop.orders.recent() }),
          tags: ['month-end'],
        })),
      ),
  },
  // A mail about gift cards has gone out.
  ...[6, 4.5, 3.2, 1.6].map((ago) => ({ ago, happen: orderGiftCards })),
  { ago: 4, happen: ({ jobs }) => cancelOne(jobs) },
  { ago: 2.5, happen: ({ jobs }) => retryOne(jobs) },
]

async function drain({ jobs, fleet }: PastShop, worker: string, reason: string): Promise<void> {
  await jobs.drainWorker(worker, { by: 'deploy-bot', reason })
  await fleet.leave(worker)
}

async function enqueue({ fleet }: PastShop, arrivals: readonly Omit<Arrival, 'headers'>[]): Promise<void> {
  await fleet.enqueue(arrivals.map((arrival) => ({ ...arrival, headers: {} })))
}

function orderGiftCards(shop: PastShop): Promise<void> {
  const { orders, timeline } = shop
  const input = (): Facts => ({ ...orders.order(timeline.now), giftCard: true })
  return enqueue(shop, [countryTagged(plots.fulfilOrder, input()), countryTagged(plots.fulfilOrder, input())])
}

function many(count: number, make: () => Omit<Arrival, 'headers'>): Omit<Arrival, 'headers'>[] {
  return Array.from({ length: count }, make)
}

async function cancelOne(jobs: PastShop['jobs']): Promise<void> {
  const { runs } = await jobs.inspector.runs({ job: 'fulfil-order', states: ['waiting'], limit: 1 })
  for (const { id } of runs) await jobs.run(id).cancel(maria('the customer called: wrong address'))
}

async function retryOne(jobs: PastShop['jobs']): Promise<void> {
  const { runs } = await jobs.inspector.runs({ job: 'capture-payment', states: ['failed'], limit: 1 })
  for (const { id } of runs) await jobs.run(id).retry(jonas('the customer has a new card'))
}
