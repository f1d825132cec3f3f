import type { Dice } from '../dice.ts'
import type { Orders } from './orders.ts'
import type { Facts, Plot } from './plot.ts'
import { plots } from './plots.ts'

/** A run that the shop's web servers enqueue. */
export interface Arrival {
  readonly plot: Plot
  readonly input: Facts
  readonly tags: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** Left out: at once. */
  readonly delayMs?: number
  /** Left out: it never expires. */
  readonly expiresInMs?: number
}

const hour = 3_600_000

type Kind = (orders: Orders, now: number, dice: Dice) => Omit<Arrival, 'headers'>

/** How often each of 100 runs. */
const kinds: readonly (readonly [weight: number, Kind])[] = [
  [24, (orders, now) => countryTagged(plots.fulfilOrder, orders.order(now))],
  [22, (orders) => tagged(plots.capturePayment, orders.payment(), 'provider')],
  [18, (orders, _, dice) => plain(plots.sendMail, orders.mail(dice.pick(['receipt', 'shipped', 'welcome'])))],
  [16, (orders) => plain(plots.indexProduct, orders.article())],
  [7, (orders) => plain(plots.invoicePdf, { order: orders.recent() })],
  [5, (orders) => plain(plots.reviewRequest, orders.mail('review'))],
  [5, (orders, _, dice) => cart(orders, dice)],
  [2, (orders) => tagged(plots.importPrices, orders.supplier(), 'supplier')],
  [1, (orders) => plain(plots.payOut, orders.payOut())],
]

/** `count` runs of the shop's ordinary traffic, of at most `variety` kinds. */
export function nextArrivals(
  { orders, dice, now }: { readonly orders: Orders; readonly dice: Dice; readonly now: number },
  count: number,
  variety: number,
): readonly Arrival[] {
  const drawn = Array.from({ length: variety }, () => dice.weighted(kinds))
  return Array.from({ length: count }, (_, i) => {
    const kind = drawn[i % variety] as Kind
    const headers = { 'x-request-id': `req-${dice.between(1e8, 9e8).toString(36)}` }
    return { ...kind(orders, now, dice), headers }
  })
}

/** A mail to be sent in some hours, about a cart that nobody has paid. */
export function cart(orders: Orders, dice: Dice): Omit<Arrival, 'headers'> {
  return {
    ...plain(plots.abandonedCart, orders.mail('abandoned-cart')),
    ...{ delayMs: dice.between(1, 4) * hour, expiresInMs: 2 * hour, tags: ['campaign'] },
  }
}

export function plain(plot: Plot, input: Facts): Omit<Arrival, 'headers'> {
  return { plot, input, tags: [] }
}

export function tagged(plot: Plot, input: Facts, name: string): Omit<Arrival, 'headers'> {
  return { plot, input, tags: [`${name}:${input[name]}`] }
}

export function countryTagged(plot: Plot, input: Facts): Omit<Arrival, 'headers'> {
  const tags = [`country:${input.country}`, ...(input.giftCard === true ? ['gift-card'] : [])]
  return { plot, input, tags }
}
