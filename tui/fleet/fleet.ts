import { AttentionWatch } from '../../runtime/attention/attention-watch.ts'
import { SnapshotReader } from '../../runtime/attention/snapshot-reader.ts'
import type { Jobs } from '../../runtime/client/client.ts'
import { type Clock, pause } from '../../runtime/model/clock.ts'
import type { Overview } from '../../runtime/store/overview.ts'
import type { Connection, FleetView } from './fleet-view.ts'
import { beat, noPulse, type Pulse } from './pulse.ts'
import { readOverview, splitMuted } from './read-overview.ts'
import { troubleOf } from './trouble.ts'

/** An overview is asked for at most this often. */
const everyMs = 1_000
const retryMs = [1_000, 2_000, 3_000, 5_000] as const

export interface FleetDeps {
  /** Called until it resolves. */
  readonly connect: () => Promise<Jobs>
  readonly clock: Clock
  readonly publish: (view: FleetView) => void
}

export const unknownFleet: FleetView = {
  connection: { kind: 'connecting' },
  overview: undefined,
  ...{ findings: [], muted: [], isLooking: true, pulse: noPulse, aheadMs: 0 },
}

/**
 * Reads the data that every screen shows, once a second, into one value.
 * F1  One read at a time, the next one a second after the last began, or when it has ended.
 * F2  A failed read keeps the known data; the next try comes after 1, 2, 3, then every 5 s.
 * F3  It only reads: the store is not created, migrated or written.
 */
export class Fleet {
  readonly #deps: FleetDeps
  readonly #watch = new AttentionWatch()
  readonly #closed = new AbortController()
  #wake = new AbortController()
  #view = unknownFleet
  #beganAt = 0
  #jobs: Jobs | undefined
  #snapshots: SnapshotReader | undefined
  #ended: Promise<void> = Promise.resolve()

  constructor(deps: FleetDeps) {
    this.#deps = deps
  }

  /** Undefined until the store was reached. */
  get jobs(): Jobs | undefined {
    return this.#jobs
  }

  start(): void {
    this.#beganAt = this.#deps.clock.now()
    this.#ended = this.#run()
  }

  /** Reads at once, or as soon as the current read has ended. */
  reload(): void {
    this.#wake.abort()
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await this.#ended
    await this.#jobs?.close()
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps
    while (!this.#closed.signal.aborted) {
      const began = clock.elapsed()
      this.#wake = new AbortController()
      const view = await this.#read()
      if (this.#closed.signal.aborted) return
      this.#view = view
      this.#deps.publish(view)
      const signal = AbortSignal.any([this.#wake.signal, this.#closed.signal])
      await pause(clock, this.#pauseMs(view, clock.elapsed() - began), signal)
    }
  }

  #pauseMs({ connection }: FleetView, tookMs: number): number {
    if (connection.kind !== 'live' && connection.kind !== 'connecting') {
      return connection.retryAt - this.#deps.clock.now()
    }
    return Math.max(0, everyMs - tookMs)
  }

  async #read(): Promise<FleetView> {
    const { clock } = this.#deps
    try {
      this.#jobs ??= await this.#deps.connect()
      this.#snapshots ??= new SnapshotReader(this.#jobs.inspector, clock)
      const { overview, latencyMs, aheadMs } = await readOverview(this.#jobs, clock)
      const all = this.#watch.look(await this.#snapshots.complete(overview))
      return {
        connection: { kind: 'live', latencyMs, at: clock.now() },
        ...{ overview, pulse: this.#beat(overview), aheadMs },
        ...splitMuted(all),
        isLooking: this.#view.overview === undefined || this.#watch.isConfirming,
      }
    } catch (error) {
      return { ...this.#view, connection: this.#failed(error) }
    }
  }

  #beat(overview: Overview): Pulse {
    return beat(this.#view.pulse, overview)
  }

  #failed(error: unknown): Connection {
    const before = this.#view.connection
    const isFirst = before.kind === 'live' || before.kind === 'connecting'
    const attempt = isFirst ? 1 : before.attempt + 1
    const now = this.#deps.clock.now()
    const waitMs = retryMs[Math.min(attempt, retryMs.length) - 1] ?? 5_000
    return {
      ...troubleOf(error),
      ...{ since: this.#awaySince(before), attempt, retryAt: now + waitMs },
    }
  }

  /** The last successful read, or the first try: a failed read may have waited for long. */
  #awaySince(before: Connection): number {
    if (before.kind === 'live') return before.at
    return before.kind === 'connecting' ? this.#beganAt : before.since
  }
}
