import { FatalError } from '../../../runtime/model/errors.ts'
import type { Trouble } from './plot.ts'
import { newRelease } from './releases.ts'

/** The path of the shop's code in its stacks. */
const source = '/app/src/jobs'

interface Fault {
  readonly message: string
  readonly frames: readonly string[]
  readonly code?: string
  readonly status?: number
  readonly name?: string
}

/** An error as the shop's own code would have thrown it: its stack leads into the shop, not into the demo. */
function fault(error: Error, { message, frames, name = error.name, ...told }: Fault): Error {
  Object.assign(error, told)
  Object.defineProperty(error, 'name', { value: name, configurable: true })
  error.stack = [`${name}: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n')
  return error
}

function errorOf(told: Fault): Error {
  return fault(new Error(told.message), told)
}

/** The provider of payments says 429. */
export const tooManyRequests: Trouble = {
  chance: 0.02,
  bursts: [
    { from: 560, until: 480, chance: 0.5 },
    { from: 95, until: 70, chance: 0.45 },
    { from: 7, until: 0, chance: 0.2 },
  ],
  error: (dice) =>
    errorOf({
      name: 'PaymentError',
      message: `429 Too Many Requests: rate limit of account acct_${dice.between(1_000, 9_999)} exceeded`,
      status: 429,
      frames: [
        `PaymentClient.capture (${source}/../payments/client.ts:112:13)`,
        `async capture (${source}/capture-payment.ts:41:20)`,
      ],
    }),
}

export const declinedCard: Trouble = {
  chance: 0.012,
  error: () =>
    fault(new FatalError('card declined: insufficient_funds'), {
      message: 'card declined: insufficient_funds',
      frames: [`authorize (${source}/capture-payment.ts:28:11)`],
    }),
}

/** The mail server of the provider was away for a while. */
export const mailServerAway: Trouble = {
  chance: 0.02,
  bursts: [{ from: 430, until: 325, chance: 0.9 }],
  error: (dice) => {
    const host = `10.4.7.${dice.between(20, 23)}:465`
    return errorOf({
      message: `connect ETIMEDOUT ${host}`,
      code: 'ETIMEDOUT',
      frames: [
        'TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16)',
        `async deliver (${source}/send-mail.ts:33:5)`,
      ],
    })
  },
}

export const carrierSlow: Trouble = {
  chance: 0.03,
  error: () =>
    errorOf({
      message: 'connect ETIMEDOUT 185.12.64.9:443',
      code: 'ETIMEDOUT',
      frames: [
        'TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16)',
        `async bookShipment (${source}/fulfil-order.ts:77:20)`,
      ],
    }),
}

export const supplierHangsUp: Trouble = {
  chance: 0.12,
  error: () =>
    errorOf({
      message: 'read ECONNRESET',
      code: 'ECONNRESET',
      frames: ['TLSWrap.onStreamRead (node:internal/stream_base_commons:216:20)'],
    }),
}

/** A fault of the new release: a gift card has no article number. */
export const giftCardWithoutSku: Trouble = {
  chance: 1,
  since: newRelease,
  hits: ({ giftCard }) => giftCard === true,
  error: () => {
    const message = "Cannot read properties of undefined (reading 'sku')"
    return fault(new TypeError(message), {
      message,
      frames: [
        `shelfOf (${source}/fulfil-order.ts:52:38)`,
        'Array.map (<anonymous>)',
        `reserveStock (${source}/fulfil-order.ts:47:30)`,
      ],
    })
  },
}
