import { limits } from '../../../runtime/model/limiter.ts'
import type { Plot, Work } from './plot.ts'
import { newRelease, oldRelease } from './releases.ts'
import {
  carrierSlow,
  declinedCard,
  giftCardWithoutSku,
  mailServerAway,
  supplierHangsUp,
  tooManyRequests,
} from './troubles.ts'

const minute = 60_000
const day = 86_400_000

/** An operator lowers it in the story, so that runs wait for it. */
const pdfRenderer = limits.concurrency({ name: 'pdf-renderer', max: 6 })
const paymentProvider = limits.tokenBucket({
  ...{ name: 'payment-provider', capacity: 20, refill: 20, every: '10s' },
})

const render: Work = {
  ...{ does: 'run', name: 'render', ms: [10, 45] },
  result: ({ template }) => ({ template, bytes: 18_204 }),
}

const fulfilOrder: Plot = {
  ...{ name: 'fulfil-order', queue: 'orders' },
  unique: { key: ({ order }) => String(order) },
  parts: [
    { does: 'run', name: 'check order', ms: [25, 90], result: ({ total }) => ({ total, fraudScore: 0.02 }) },
    {
      ...{ does: 'run', name: 'reserve stock', ms: [60, 320] },
      retry: { maxAttempts: 2, initialInterval: '1s' },
      troubles: [giftCardWithoutSku],
      result: ({ items }, dice) => new Map(skusOf(items).map((sku) => [sku, `shelf ${dice.between(1, 60)}`])),
    },
    { does: 'sleep', name: 'wait for the warehouse', ms: [4 * minute, 40 * minute] },
    {
      ...{ does: 'run', name: 'book shipment', ms: [250, 2_200], troubles: [carrierSlow] },
      result: (_, dice) => ({ carrier: 'Parcelio', label: `PX${dice.between(1e8, 9e8)}` }),
    },
    { does: 'run', name: 'tell the customer', ms: [30, 120], result: () => ({ queued: true }) },
  ],
}

const capturePayment: Plot = {
  ...{ name: 'capture-payment', queue: 'payments', priority: 10 },
  limits: [{ limiter: paymentProvider, key: ({ provider }) => String(provider) }],
  parts: [
    {
      ...{ does: 'run', name: 'authorize', ms: [140, 700], troubles: [declinedCard] },
      result: (_, dice) => ({ authorization: `auth_${dice.between(1e8, 9e8)}` }),
    },
    {
      ...{ does: 'run', name: 'capture', ms: [250, 2_400] },
      retry: { maxAttempts: 4, initialInterval: '3s', maxInterval: '2m' },
      troubles: [tooManyRequests],
      result: ({ amount }) => ({ captured: amount }),
    },
  ],
}

/** Its second step moves money: after a crash inside it only a person can say whether the effect happened. */
const payOut: Plot = {
  ...{ name: 'pay-out', queue: 'payments' },
  parts: [
    { does: 'run', name: 'check balance', ms: [60, 200], result: ({ cents }) => ({ cents, covered: true }) },
    {
      ...{ does: 'run', name: 'transfer money', ms: [2_000, 6_000], once: true },
      result: (_, dice) => ({ transfer: `tr_${dice.between(1e8, 9e8)}` }),
    },
    { does: 'sleep', name: 'confirm transfer', ms: [9 * minute, 12 * minute], until: oldRelease },
    {
      ...{ does: 'run', name: 'confirm transfer', ms: [200, 900], from: newRelease },
      result: () => ({ confirmed: true }),
    },
    { does: 'run', name: 'close the books', ms: [40, 160], result: () => ({ closed: true }) },
  ],
}

const sendMail: Plot = {
  ...{ name: 'send-mail', queue: 'mails' },
  parts: [
    render,
    {
      ...{ does: 'run', name: 'deliver', ms: [90, 1_200] },
      retry: { maxAttempts: 4, initialInterval: '2s', maxInterval: '1m' },
      troubles: [mailServerAway],
      result: (_, dice) => ({ messageId: `<${dice.between(1e8, 9e8)}@mail.example.com>` }),
    },
  ],
}

const reviewRequest: Plot = {
  ...{ name: 'review-request', queue: 'mails', priority: -5 },
  parts: [
    { does: 'run', name: 'choose template', ms: [10, 30], result: () => ({ template: 'review' }) },
    { does: 'sleep', name: 'let them try it', ms: [5 * day, 5 * day] },
    { does: 'run', name: 'deliver', ms: [70, 420], result: () => ({ delivered: true }) },
  ],
}

const abandonedCart: Plot = {
  ...{ name: 'abandoned-cart', queue: 'mails', priority: -5 },
  parts: [render, { does: 'run', name: 'deliver', ms: [70, 420], result: () => ({ delivered: true }) }],
}

const invoicePdf: Plot = {
  ...{ name: 'invoice-pdf', queue: 'documents' },
  limits: [pdfRenderer],
  parts: [
    {
      ...{ does: 'run', name: 'render', ms: [60_000, 115_000] },
      result: () => ({ pages: 2, head: Uint8Array.from([0x25, 0x50, 0x44, 0x46, 0x2d, 0x31, 0x2e, 0x37]) }),
    },
    {
      ...{ does: 'run', name: 'store file', ms: [60, 240] },
      result: ({ order }) => ({ path: `invoices/${order}.pdf` }),
    },
  ],
}

const indexProduct: Plot = {
  ...{ name: 'index-product', queue: 'search', version: 3, priority: -10 },
  parts: [{ does: 'run', name: 'index', ms: [15, 90], result: ({ sku }) => ({ indexed: sku }) }],
}

const importPrices: Plot = {
  ...{ name: 'import-prices', queue: 'imports' },
  unique: { key: ({ file }) => String(file), onDuplicate: 'reject' },
  parts: [
    {
      ...{ does: 'run', name: 'fetch', ms: [300, 1_900] },
      retry: { maxAttempts: 5, initialInterval: '5s' },
      troubles: [supplierHangsUp],
      result: ({ lines }) => ({ lines }),
    },
    { does: 'run', name: 'write prices', ms: [200, 1_400], result: ({ lines }) => ({ written: lines }) },
  ],
}

const syncStock: Plot = {
  ...{ name: 'sync-stock', queue: 'search', version: 7 },
  schedule: () => ({ cron: '10 */4 * * *', input: { warehouse: 'north' } }),
  parts: [
    {
      ...{ does: 'run', name: 'fetch', ms: [200, 1_200] },
      retry: { maxAttempts: 5, initialInterval: '2s' },
      troubles: [supplierHangsUp],
      result: (_, dice) => ({ articles: dice.between(380, 420) }),
    },
    { does: 'run', name: 'write', ms: [100, 600], result: () => ({ written: true }) },
  ],
}

// Its version stays: a deploy would change its schedule, and the ledger's last line would no longer tell of the missed tick.
const hourlyReport: Plot = {
  ...{ name: 'hourly-report', queue: 'reports', version: 4 },
  schedule: ({ reportMinute }) => ({
    cron: `${reportMinute} * * * *`,
    missed: 'skip',
    input: { period: '1h' },
  }),
  parts: [
    {
      ...{ does: 'run', name: 'sum up', ms: [400, 1_800] },
      result: (_, dice) => ({ orders: dice.between(90, 400), currency: 'EUR' }),
    },
    { does: 'run', name: 'send report', ms: [80, 300], result: () => ({ sent: true }) },
  ],
}

type PlotName =
  | 'fulfilOrder'
  | 'capturePayment'
  | 'payOut'
  | 'sendMail'
  | 'reviewRequest'
  | 'abandonedCart'
  | 'invoicePdf'
  | 'indexProduct'
  | 'importPrices'
  | 'syncStock'
  | 'hourlyReport'

export const plots: Readonly<Record<PlotName, Plot>> = {
  ...{ fulfilOrder, capturePayment, payOut, sendMail, reviewRequest, abandonedCart },
  ...{ invoicePdf, indexProduct, importPrices, syncStock, hourlyReport },
}

export const allPlots: readonly Plot[] = Object.values(plots)

function skusOf(items: unknown): string[] {
  return (items as readonly { readonly sku: string }[]).map(({ sku }) => sku)
}
