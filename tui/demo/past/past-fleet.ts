import type { Job } from '../../../runtime/model/job.ts'
import { newRunId } from '../../../runtime/model/run-id.ts'
import { checkInput } from '../../../runtime/store/check-input.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import type { Dice } from '../dice.ts'
import type { Facts } from '../shop/plot.ts'
import type { Arrival } from '../shop/traffic.ts'
import { type Pace, paceAt } from './pace.ts'
import type { PastRelease } from './past-code.ts'
import { PastLeader } from './past-leader.ts'
import type { PastStore } from './past-store.ts'
import { leaseMs, PastWorker, type PastWorkerDeps } from './past-worker.ts'

const minute = 60_000
const maxValueBytes = 1_048_576

interface FleetDeps {
  readonly past: PastStore
  readonly dice: Dice
  /** When the demo begins, in the store's time. */
  readonly end: number
}

/** The shop's processes in the past: web servers that enqueue, workers, and the leader among them. */
export class PastFleet {
  readonly #deps: FleetDeps
  readonly #leader: PastLeader
  #workers: PastWorker[] = []
  /** Of the web servers. */
  #release: PastRelease
  #looks = 0
  #looksAt = new Set<number>()
  #renewedAt = 0

  constructor(deps: FleetDeps, release: PastRelease) {
    this.#deps = deps
    this.#release = release
    this.#leader = new PastLeader(deps.past, () => this.look())
  }

  get agoMinutes(): number {
    return (this.#deps.end - this.#deps.past.timeline.now) / minute
  }

  get pace(): Pace {
    return paceAt(this.agoMinutes)
  }

  /** From now on runs are enqueued as this release defines its jobs. */
  deployWeb(release: PastRelease): void {
    this.#release = release
  }

  async join(name: string, release: PastRelease): Promise<void> {
    const worker = new PastWorker(name, release, this.#workerDeps())
    await worker.join()
    this.#workers.push(worker)
    await this.#leader.keep(this.#workers)
    await this.#leader.look()
    await this.look()
  }

  /** A worker hands its runs over and leaves. */
  async leave(name: string): Promise<void> {
    const worker = this.#workers.find((one) => one.name === name)
    if (worker === undefined) throw new Error(`no worker '${name}' is there to leave`)
    this.#workers = this.#workers.filter((one) => one !== worker)
    await worker.leave()
    await this.#leader.keep(this.#workers)
    await this.look()
  }

  async leaveAll(): Promise<void> {
    for (const { name } of [...this.#workers]) await this.leave(name)
  }

  /** All workers are gone at once, without a word to the store. */
  die(): void {
    for (const worker of this.#workers) worker.die()
    this.#workers = []
  }

  async enqueue(arrivals: readonly Arrival[]): Promise<readonly string[]> {
    const runs = await Promise.all(arrivals.map((arrival) => this.#newRun(arrival)))
    await this.#deps.past.store.enqueue(runs)
    await this.look()
    return runs.map(({ id }) => id)
  }

  /** Lets workers claim what is ready: those of the newest release first, and another one of them each time. */
  async look(): Promise<void> {
    await this.#renew()
    this.#looks++
    const order = this.#workers
      .map((_, i, all) => all[(i + this.#looks) % all.length] as PastWorker)
      .sort((a, b) => b.code.release - a.code.release)
    for (const worker of order) {
      const { more, dueInMs } = await worker.claim()
      this.#lookWhenDue(dueInMs)
      if (!more) break
    }
  }

  /** In time for leases, and not with every call. */
  async #renew(): Promise<void> {
    const { now } = this.#deps.past.timeline
    if (now - this.#renewedAt < leaseMs / 2) return
    this.#renewedAt = now
    for (const worker of this.#workers) await worker.renew()
    await this.#leader.keep(this.#workers)
  }

  #lookWhenDue(dueInMs: number): void {
    const { dueMs } = this.pace
    if (dueMs === undefined || dueInMs > 10 * minute) return
    this.#lookAt(this.#deps.past.timeline.now + dueInMs, dueMs)
  }

  #lookAt(time: number, everyMs: number): void {
    const instant = Math.ceil(time / everyMs) * everyMs
    if (this.#looksAt.has(instant)) return
    this.#looksAt.add(instant)
    this.#deps.past.timeline.at(instant, async () => {
      this.#looksAt.delete(instant)
      await this.look()
    })
  }

  #workerDeps(): PastWorkerDeps {
    const { past, dice } = this.#deps
    return {
      ...{ store: past.store, timeline: past.timeline, pace: () => this.pace },
      scene: (input, release) => ({ input, dice, release, agoMinutes: this.agoMinutes }),
      onFree: () => this.#lookWhenDue(0),
    }
  }

  async #newRun({ plot, input, tags, headers, delayMs, expiresInMs }: Arrival): Promise<NewRun> {
    const job = this.#release.definitions.get(plot.name) as Job<Facts>
    const checked = await checkInput(job, input, { maxValueBytes, named: false })
    return {
      ...{ id: newRunId(this.#deps.past.timeline.now), ...checked, tags, headers },
      start: delayMs === undefined ? { kind: 'now' } : { kind: 'in', ms: delayMs },
      ...(expiresInMs === undefined ? {} : { expiresInMs }),
    }
  }
}
