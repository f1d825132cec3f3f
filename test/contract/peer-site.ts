import { randomUUID } from 'node:crypto'
import { expect, onTestFinished } from 'vitest'
import { systemClock } from '../../runtime/model/clock.ts'
import type { RunId } from '../../runtime/model/run-id.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import { Keys } from '../../runtime/store/redis/keys.ts'
import { Namespace } from '../../runtime/store/redis/namespace.ts'
import { RedisLink } from '../../runtime/store/redis/redis-link.ts'
import { ScriptCalls } from '../../runtime/store/redis/script-calls.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig, type StoreConfig } from '../../runtime/store/store-config.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

const begun = Date.UTC(2026, 0, 1)

/** The reply to one look at peers. */
interface Look {
  readonly role: string
  readonly everyMs: number
  /** Leases that may be gone. */
  readonly gone: readonly string[]
}

/** One namespace with its own time, and a peer that finds a worker's connections gone. */
export class PeerSite {
  readonly #calls: ScriptCalls
  readonly store: Store
  readonly #config: StoreConfig
  readonly #open: () => Promise<Store>
  readonly #time: { elapsed: number }

  private constructor(
    config: StoreConfig,
    store: Store,
    calls: ScriptCalls,
    time: { elapsed: number },
    open: () => Promise<Store>,
  ) {
    this.#config = config
    this.store = store
    this.#calls = calls
    this.#time = time
    this.#open = open
  }

  static async open(): Promise<PeerSite> {
    const { url } = await sharedRedisServer()
    const config = parseStoreConfig({ url, namespace: `cuts-${randomUUID()}` })
    const time = { elapsed: 0 }
    const [storeNow, storeElapsed] = [() => begun + time.elapsed, () => time.elapsed]
    const open = () => openStore(config, { storeNow, storeElapsed })
    const store = await open()
    const link = await RedisLink.open(config, 'peer', systemClock)
    const own = { now: storeElapsed, elapsed: storeElapsed, uptime: storeElapsed }
    const keys = new Keys(config.namespace)
    const calls = new ScriptCalls(link, keys, await Namespace.open(link, keys, config, true), {
      storeNow,
      own,
    })
    onTestFinished(async () => {
      await store.close()
      await link.close()
    })
    return new PeerSite(config, store, calls, time, open)
  }

  advance(ms: number): void {
    this.#time.elapsed += ms
  }

  worker(name?: string): Promise<TestWorker> {
    return TestWorker.register(this.store, name === undefined ? {} : { name })
  }

  /** A worker whose connections are gone. */
  async gone(name: string): Promise<TestWorker> {
    const store = await this.#open()
    const worker = await TestWorker.register(store, { name })
    await store.close()
    const { link, keys } = this.#calls
    const listeners = async () => link.command('PUBSUB', 'NUMSUB', keys.wakeChannel(worker.lease))
    // The server may see the end of a connection a moment later.
    await expect.poll(async () => ((await listeners()) as [Buffer, number])[1], { timeout: 20_000 }).toBe(0)
    return worker
  }

  /** Its beats as a look finds them, with a comma between. */
  async beats({ lease }: TestWorker): Promise<string> {
    const { link, keys } = this.#calls
    const fields = [`${lease} main`, `${lease} lease`]
    const beats = (await link.command('HMGET', keys.of('beats'), ...fields)) as (Buffer | null)[]
    return beats.filter((beat) => beat !== null).join(',')
  }

  /** Renews with this beat (`role server:connection`), as a client's connection does that the call belongs to. */
  async renewWith({ lease }: TestWorker, beat: string): Promise<void> {
    await this.#calls.run('renew', [lease, 0, beat, ''])
  }

  /** Resolves to how many were lost after a look that found these beats and no connection of theirs. */
  async reclaimDead({ lease }: TestWorker, beats: string): Promise<number> {
    return (await this.#calls.run('reclaim-dead', [lease, beats])) as number
  }

  /** As after a look that found all its connections gone. */
  async takeForDead(worker: TestWorker): Promise<void> {
    expect(await this.reclaimDead(worker, await this.beats(worker))).toBe(1)
  }

  /** The result of a look of this worker. */
  async look({ lease }: TestWorker): Promise<Look> {
    const [role, everyMs, ...found] = (await this.#calls.run('look-at-peers', [lease])) as [
      Buffer,
      number,
      ...Buffer[],
    ]
    const gone = found.filter((_, i) => i % 2 === 0).map(String)
    return { role: String(role), everyMs, gone }
  }

  /** Resolves to the first message to this worker from now on that is about the watch. */
  async heard({ lease }: TestWorker): Promise<{ readonly message: Promise<string> }> {
    const link = await RedisLink.open(this.#config, 'listener', systemClock)
    onTestFinished(() => link.close())
    const message = new Promise<string>((resolve) =>
      link.onMessage((_, text) => text !== '' && resolve(text)),
    )
    await link.subscribe(this.#calls.keys.wakeChannel(lease))
    return { message }
  }

  /** Has a new worker claim the run and be taken for dead. */
  async lose(): Promise<TestWorker> {
    const victim = await this.worker()
    await victim.claimOne()
    await this.takeForDead(victim)
    return victim
  }

  async report({ lease }: TestWorker): Promise<void> {
    expect(await this.store.reportCut(lease)).toBe('cut')
  }

  /** Ms that the run waits after its last loss: 0, 1,000 and 5,000 after one, two and three that count. */
  async pauseOf(id: RunId): Promise<number> {
    const run = await this.store.run(id)
    return run?.state === 'waiting' ? (run.waitingFor.until ?? 0) - begun - this.#time.elapsed : 0
  }
}
