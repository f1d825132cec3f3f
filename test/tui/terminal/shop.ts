import type { Jobs, RunHandle, StoreOptions } from '../../../sdk/index.ts'
import { openFixture } from '../../support/fixture.ts'
import { reaches } from '../../support/incidents/wait-until.ts'
import type { bothStores } from '../../support/stores/both-stores.ts'
import { type OrderInput, type ShopControl, shopJobs } from './shop-jobs.ts'

type StoreOptionsOf = (typeof bothStores)[number][1]

/** A store with something on every screen of jobs-tui, and nothing that changes by itself. */
export interface Shop {
  readonly jobs: Jobs
  /** For `--store`. */
  readonly address: string
  readonly control: ShopControl
  /** A run that failed, was retried by maria, and failed again; and the text of its input. */
  readonly failed: string
  readonly failedOrder: OrderInput
  /** A run that continues until it is stopped. */
  readonly shipping: string
}

const counts = { settle: 12, refund: 3, mail: 30, sync: 3, load: 2 } as const

function order(n: number): OrderInput {
  const lines = [
    { sku: 'lamp', pieces: 2 },
    { sku: 'rug', pieces: 1 },
  ]
  return { order: `A-${n}`, lines, placed: new Date('2030-01-31T09:00:00.000Z') }
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i)
}

/** @param atEnd Called with a function that closes the store and its workers. */
export async function openShop(
  storeOptions: StoreOptionsOf,
  atEnd: (close: () => void) => void,
): Promise<Shop> {
  const { jobs, store, work } = await openFixture(await storeOptions(), atEnd)
  const control: ShopControl = { isBankBack: false, loads: new Map() }
  const defined = shopJobs(control)
  const { settle, refund, mail, ship, sync, load } = defined
  await jobs.pauseQueue('imports', { by: 'maria', reason: 'storm' })
  await work(Object.values(defined), { name: 'shop-a' })
  await work([mail], { name: 'shop-b', concurrency: 4, leader: false })
  for (const n of range(counts.load)) await jobs.enqueue(load, { file: `f${n}.csv` })
  const driving = await jobs.enqueue(ship, { order: 'A-0' }, { tags: ['eu'] })
  await reaches(jobs, driving.id, 'running')
  const first = await jobs.enqueue(sync, { tenant: 't0' })
  await reaches(jobs, first.id, 'running')
  for (const n of range(counts.sync - 1)) {
    const { id } = await jobs.enqueue(sync, { tenant: `t${n + 1}` })
    await reaches(jobs, id, 'waiting')
  }
  for (const n of range(counts.refund)) await ended(await jobs.enqueue(refund, { order: `A-${n}` }))
  for (const n of range(counts.mail)) await ended(await jobs.enqueue(mail, { to: `p${n}@example.test` }))
  const settled: RunHandle<unknown>[] = []
  for (const n of range(counts.settle)) {
    const handle = await jobs.enqueue(settle, order(n), { tags: ['eu'] })
    await ended(handle)
    settled.push(handle)
  }
  const again = settled.at(-1)
  if (again === undefined) throw new Error('no order was settled')
  await again.retry({ by: 'maria', reason: 'the bank said so' })
  await ended(again)
  await jobs.schedules.put('nightly', mail, { cron: '0 3 29 2 *', input: { to: 'all@example.test' } })
  await jobs.schedules.put('weekly', mail, { cron: '0 4 29 2 *', input: { to: 'all@example.test' } })
  await jobs.schedules.pause('weekly', { by: 'maria', reason: 'holidays' })
  return {
    failedOrder: order(counts.settle - 1),
    ...{ jobs, control, failed: again.id, shipping: driving.id },
    address: addressOf(store),
  }
}

/** For `--store`. */
export function addressOf({ url = '', namespace }: StoreOptions): string {
  return namespace === undefined ? url : `${url}?namespace=${namespace}`
}

async function ended(handle: RunHandle<unknown>): Promise<void> {
  await handle.result({ timeout: '2m' }).catch(() => undefined)
}
