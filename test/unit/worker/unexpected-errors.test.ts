import { describe, expect, test } from 'vitest'
import { openStore } from '../../../runtime/store/open-store.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { Worker } from '../../../runtime/worker/worker.ts'
import type { WorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { parseWorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { defineJob } from '../../../sdk/index.ts'
import { type Fixture, gate, openFixture, rejection } from '../../support/fixture.ts'
import { observeUnhandled } from '../unhandled.ts'

const unhandled = observeUnhandled()
const defect = (): never => {
  throw new TypeError('a reply that no code expects')
}
const job = defineJob({ name: 'any' }, ({ step }) => step.run('a', () => 'done'))

interface Told {
  readonly level: string
  readonly message: string
}

/** A started worker whose store `change` breaks, and its log. */
async function workerOn(
  shop: Fixture,
  change: (store: Store) => void,
  options: Partial<WorkerOptions> = {},
): Promise<{ worker: Worker; told: Told[]; says: (message: string) => Promise<void> }> {
  const told: Told[] = []
  const waiting = new Map<string, () => void>()
  const line =
    (level: string) =>
    (_fields: object, message = ''): void => {
      told.push({ level, message })
      waiting.get(message)?.()
    }
  const logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  const config = parseWorkerOptions({
    store: shop.store,
    jobs: [job],
    logger,
    handleSignals: false,
    ...options,
  })
  const worker = new Worker(config, async ({ store, clock }) => {
    const opened = await openStore(store, { clock })
    change(opened)
    return opened
  })
  await worker.start()
  const says = async (message: string): Promise<void> => {
    if (told.some((one) => one.message === message)) return
    const heard = gate()
    waiting.set(message, heard.open)
    await heard.opened
  }
  return { worker, told, says }
}

describe('an error that no code expects', () => {
  test('of a comparison of held runs is logged, and the worker continues', async () => {
    const shop = await openFixture()
    let reconnected = (): void => undefined
    const { worker, says } = await workerOn(shop, (store) => {
      store.reconcile = async () => defect()
      const onWakeup = store.onWakeup.bind(store)
      store.onWakeup = (lease, listener) => {
        reconnected = () => listener('reconnected')
        return onWakeup(lease, listener)
      }
    })
    reconnected()
    await says('held runs could not be compared with the store')
    const handle = await shop.jobs.enqueue(job)
    await expect(handle.result({ timeout: '50s' })).resolves.toBe('done')
    await worker.stop({ timeout: 0 })
    await unhandled.none()
  })

  test('of a read of a journal recurs in the next attempt, or blocks the run with its reason', async () => {
    const shop = await openFixture()
    let [reads, failing] = [0, 2]
    const { worker } = await workerOn(shop, (store) => {
      const [claim, readJournal] = [store.claim.bind(store), store.readJournal.bind(store)]
      // As of a journal that is longer than the page that a claim brings.
      store.claim = async (...args) => {
        const reply = await claim(...args)
        if (reply.kind === 'lost') return reply
        const journal = { entries: [], more: true }
        return { ...reply, runs: reply.runs.map((run) => ({ ...run, journal })) }
      }
      store.readJournal = async (...args) => (++reads <= failing ? defect() : readJournal(...args))
    })
    const first = await shop.jobs.enqueue(job)
    await expect(first.result({ timeout: '50s' })).resolves.toBe('done')
    expect(reads).toBe(3)

    failing = Number.POSITIVE_INFINITY
    const second = await shop.jobs.enqueue(job)
    await expect.poll(async () => (await second.status()).state, { timeout: 20_000 }).toBe('blocked')
    expect((await second.explain()).sentences.join(' ')).toContain('a reply that no code expects')
    await worker.stop({ timeout: 0 })
    await unhandled.none()
  })

  test('of the last call of a stop reaches its caller, and the log', async () => {
    const shop = await openFixture()
    let close = async (): Promise<void> => undefined
    const { worker, told } = await workerOn(shop, (store) => {
      close = store.close.bind(store)
      store.close = async () => defect()
    })
    const stopping = worker.stop({ timeout: 0 })
    await worker.stopped
    await unhandled.none()
    expect((await rejection(stopping)).message).toBe('a reply that no code expects')
    expect(told).toContainEqual({ level: 'error', message: 'the worker did not stop cleanly' })
    await close()
  })

  test('of a logger ends no process, and the worker continues', async () => {
    const shop = await openFixture()
    const failing = new Set(['a middleware threw around a claim', 'a run left its slot'])
    const failed: string[] = []
    const say = (_fields: object, message = ''): void => {
      if (!failing.delete(message)) return
      failed.push(message)
      defect()
    }
    const { worker } = await workerOn(shop, () => undefined, {
      logger: { debug: say, info: say, warn: say, error: say },
      middleware: [{ claim: (_context, next) => (failed.length === 0 ? defect() : next()) }],
    })
    for (let i = 0; i < 2; i++) {
      const handle = await shop.jobs.enqueue(job)
      await expect(handle.result({ timeout: '50s' })).resolves.toBe('done')
    }
    await worker.stop({ timeout: 0 })
    expect(failed).toEqual(['a middleware threw around a claim', 'a run left its slot'])
    await unhandled.none()
  })
})
