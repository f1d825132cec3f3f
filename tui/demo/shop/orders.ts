import type { Dice } from '../dice.ts'
import type { Facts } from './plot.ts'

const names = [
  ...['Ana Ruiz', 'Jonas Weber', 'Maria Rossi', 'Li Wei', 'Chidi Okafor', 'Sofia Lindqvist', 'Tomás Vega'],
  ...['Aiko Tanaka', 'Noor Haddad', 'Piotr Nowak', 'Zoë Martin', 'Ravi Menon', 'Ingrid Dahl', 'Omar Said'],
] as [string, ...string[]]

const articles = [
  ['TEA-GREEN-100', 8.9],
  ['TEA-OOLONG-50', 14.5],
  ['CUP-STONE-2', 24],
  ['POT-IRON-1L', 79],
  ['SIEVE-STEEL', 6.5],
  ['BOX-CEDAR', 31],
] as [[string, number], ...[string, number][]]

const countries = ['de', 'de', 'fr', 'es', 'it', 'pl', 'se'] as [string, ...string[]]
const suppliers = ['nordtea', 'casa-verde', 'miyako'] as [string, ...string[]]
/** Of the orders. */
const giftCards = 0.14

/** Makes up what the shop's runs are about. */
export class Orders {
  readonly #dice: Dice
  #last: number

  constructor(dice: Dice, first: number) {
    this.#dice = dice
    this.#last = first
  }

  get last(): number {
    return this.#last
  }

  /** A new order, placed at `now`. */
  order(now: number): Facts {
    const dice = this.#dice
    this.#last += dice.between(1, 3)
    const items = Array.from({ length: dice.between(1, 3) }, () => {
      const [sku, price] = dice.pick(articles)
      return { sku, price, quantity: dice.between(1, 4) }
    })
    const total = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0)
    const giftCard = dice.chance(giftCards)
    return {
      ...{ order: `A-${this.#last}`, customer: dice.pick(names), country: dice.pick(countries) },
      ...{ items, total: Math.round(total * 100) / 100, placedAt: new Date(now) },
      ...(giftCard ? { giftCard } : {}),
    }
  }

  /** The number of an order of a short while ago. */
  recent(): string {
    return `A-${Math.max(1, this.#last - this.#dice.between(0, 12))}`
  }

  payment(): Facts {
    const dice = this.#dice
    const provider = dice.weighted([
      [6, 'cardhub'],
      [3, 'paywell'],
      [1, 'bank'],
    ])
    return { order: this.recent(), provider, amount: dice.between(900, 18_000) / 100, currency: 'EUR' }
  }

  mail(template: string): Facts {
    const customer = this.#dice.pick(names)
    const address = customer
      .toLowerCase()
      .normalize('NFD')
      .replace(/[^a-z]+/g, '.')
    return { order: this.recent(), template, to: `${address}@example.com` }
  }

  article(): Facts {
    const [sku, price] = this.#dice.pick(articles)
    return { sku, price, stock: this.#dice.between(0, 240) }
  }

  supplier(): Facts {
    const supplier = this.#dice.pick(suppliers)
    return { supplier, file: `${supplier}-${++this.#last}.csv`, lines: this.#dice.between(180, 2_400) }
  }

  payOut(): Facts {
    return { seller: `S-${this.#dice.between(100, 180)}`, cents: BigInt(this.#dice.between(40_000, 900_000)) }
  }
}
