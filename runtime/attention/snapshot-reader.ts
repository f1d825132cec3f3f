import type { Clock } from '../model/clock.ts'
import type { LimiterKeyInfo } from '../store/limiters.ts'
import type { Overview } from '../store/overview.ts'
import type { ReadyClass } from '../store/ready-classes.ts'
import type { Inspector, StoreCheck } from '../store/store.ts'
import { findUnservedRuns } from '../store/unserved-runs-check.ts'
import type { BlockedSample, ReadySample, Snapshot, UnservedSample } from './snapshot.ts'
import { unprotectedCandidates } from './unprotected-candidates.ts'

/** The data read besides the overview, and only if the overview shows trouble. */
const bounds = {
  limiters: 10,
  keys: 3,
  blockedJobs: 10,
  blockedRuns: 20,
  unserved: 5,
  unprotected: 5,
  readyRuns: 20,
} as const
/** Checks of the store take some round trips. */
const checksEveryMs = 10_000

type Reads = Pick<Inspector, 'overview' | 'checks' | 'readyClasses' | 'limiterKeys' | 'runs'>

/** Reads the data of findings: one overview, and a few small reads if it shows trouble. */
export class SnapshotReader {
  readonly #store: Reads
  readonly #clock: Clock
  #checks: { readonly at: number; readonly found: readonly StoreCheck[] } | undefined

  constructor(store: Reads, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** @throws StoreUnavailableError */
  async read(): Promise<Snapshot> {
    return this.complete(await this.#store.overview({ range: '1h' }))
  }

  /** Reads the rest of a snapshot whose overview, of the range '1h', the caller has read. */
  async complete(overview: Overview): Promise<Snapshot> {
    const [checks, classes, limiterKeys, blocked] = await Promise.all([
      this.#readChecks(),
      overview.counts.some(({ state }) => state === 'ready') ? this.#store.readyClasses() : [],
      this.#readLimiterKeys(overview),
      this.#readBlocked(overview),
    ])
    const [longestUnserved, longestUnprotected] = await Promise.all([
      this.#readUnserved(overview, classes),
      this.#readUnprotected(overview, classes),
    ])
    return { overview, checks, classes, limiterKeys, blocked, longestUnserved, longestUnprotected }
  }

  async #readChecks(): Promise<readonly StoreCheck[]> {
    const now = this.#clock.elapsed()
    if (this.#checks === undefined || now - this.#checks.at >= checksEveryMs) {
      this.#checks = { at: now, found: await this.#store.checks('quick') }
    }
    return this.#checks.found
  }

  async #readLimiterKeys({ limiters }: Overview): Promise<readonly LimiterKeyInfo[]> {
    const busiest = limiters
      .filter(({ waiting }) => waiting > 0)
      .sort((a, b) => b.waiting - a.waiting)
      .slice(0, bounds.limiters)
    const keys = busiest.map(({ name }) => this.#store.limiterKeys(name, bounds.keys))
    return (await Promise.all(keys)).flat()
  }

  async #readBlocked({ counts }: Overview): Promise<readonly BlockedSample[]> {
    const jobs = new Set(counts.filter(({ state }) => state === 'blocked').map(({ job }) => job))
    const samples = [...jobs].slice(0, bounds.blockedJobs).map(async (job) => {
      const page = await this.#store.runs({ states: ['blocked'], job, limit: bounds.blockedRuns })
      const runs = page.runs.filter((run) => run.state === 'blocked')
      return { job, runs, complete: page.cursor === undefined }
    })
    return Promise.all(samples)
  }

  async #readUnserved(
    { counts, queues, workers, cut }: Overview,
    classes: readonly ReadyClass[],
  ): Promise<readonly UnservedSample[]> {
    if (cut.includes('workers')) return []
    const unserved = findUnservedRuns(counts, classes, queues, workers).filter(
      ({ version }) => version === undefined,
    )
    const samples = unserved.slice(0, bounds.unserved).map(async ({ queue, job }) => {
      const query = { states: ['ready', 'waiting'], order: 'longest', queue, job, limit: 1 } as const
      const { runs } = await this.#store.runs(query)
      return runs.map(({ changedAt }) => ({ queue, job, since: changedAt }))
    })
    return (await Promise.all(samples)).flat()
  }

  /** Reads nothing while a worker takes such runs, or the queue is paused. */
  async #readUnprotected(
    overview: Overview,
    classes: readonly ReadyClass[],
  ): Promise<readonly ReadySample[]> {
    if (overview.cut.includes('workers')) return []
    const stuck = classes.filter(
      ({ protect = false, ...run }) =>
        protect && unprotectedCandidates({ ...run, protect }, overview) !== undefined,
    )
    const lists = new Map(stuck.map(({ queue, job }) => [JSON.stringify([queue, job]), { queue, job }]))
    const samples = [...lists.values()].slice(0, bounds.unprotected).map(async ({ queue, job }) => {
      const limit = bounds.readyRuns
      const page = await this.#store.runs({ states: ['ready'], order: 'longest', queue, job, limit })
      return { queue, job, runs: page.runs, complete: page.cursor === undefined }
    })
    return Promise.all(samples)
  }
}
