import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type {
  Checkpoint,
  ClaimedRun,
  EntryReply,
  LeaseId,
  NewWorker,
  Settlement,
  Store,
} from '../../../runtime/store/store.ts'
import type { Scene } from '../shop/act-work.ts'
import type { Facts } from '../shop/plot.ts'
import { type ActedCode, ActedRun, type Move } from './acted-run.ts'
import type { Pace } from './pace.ts'
import type { Timeline } from './timeline.ts'

/** What a worker is made of, beside its name. */
export interface PastCode {
  readonly release: number
  readonly registration: Pick<NewWorker, 'jobs' | 'definitions' | 'limiters'>
  readonly jobs: ReadonlyMap<string, ActedCode>
}

export interface PastWorkerDeps {
  readonly store: Store
  readonly timeline: Timeline
  readonly pace: () => Pace
  readonly scene: (input: Facts, release: number) => Scene
  /** Called when a slot has become free in a stretch that is played finely: something may be there to claim. */
  readonly onFree: () => void
}

export const leaseMs = 30_000
const concurrency = 100
/** So many records of one worker in one call at most; a store takes 200. */
const maxBatch = 150

interface Planned {
  readonly acted: ActedRun
  readonly move: Move
}

/** A worker of the past: it calls the store as a worker process does, and acts its runs. */
export class PastWorker {
  readonly name: string
  readonly lease: LeaseId = randomUUID()
  readonly code: PastCode
  readonly #deps: PastWorkerDeps
  /** By instant, what ends then. */
  readonly #planned = new Map<number, Planned[]>()
  #running = 0
  #claims = 0
  #isThere = false

  constructor(name: string, code: PastCode, deps: PastWorkerDeps) {
    this.name = name
    this.code = code
    this.#deps = deps
  }

  get isThere(): boolean {
    return this.#isThere
  }

  async join(): Promise<void> {
    await this.#deps.store.register({
      ...{ lease: this.lease, name: this.name, host: hostname(), pid: process.pid, node: process.version },
      ...{ concurrency, leaseMs, draining: false, ...this.code.registration },
    })
    this.#isThere = true
  }

  renew(): Promise<unknown> {
    return this.#deps.store.renew(this.lease, { draining: false })
  }

  /** Hands its runs over and leaves. */
  async leave(): Promise<void> {
    this.die()
    await this.#deps.store.resign(this.lease, [])
  }

  /** Does nothing any more; the store learns of it by the end of the lease. */
  die(): void {
    this.#isThere = false
    this.#planned.clear()
  }

  /** Claims what its free slots take. Resolves to whether there was more, and in how many ms something becomes due. */
  async claim(
    settlements: readonly Settlement[] = [],
  ): Promise<{ readonly more: boolean; readonly dueInMs: number }> {
    const request = { max: concurrency - this.#running, protected: true, mayAsk: false }
    const answer = await this.#deps.store.claim(this.lease, ++this.#claims, request, settlements)
    if (answer.kind === 'lost') throw new Error(`${this.name} lost its lease at ${this.#deps.timeline.now}`)
    for (const settled of answer.settled) expect(settled, 'settled')
    for (const run of answer.runs) this.#begin(run)
    return { more: answer.more, dueInMs: answer.nextDueInMs ?? Number.POSITIVE_INFINITY }
  }

  #begin(run: ClaimedRun): void {
    const code = this.code.jobs.get(run.job)
    if (code === undefined) throw new Error(`${this.name} got a run of the unknown job '${run.job}'`)
    this.#running++
    this.#plan(new ActedRun(run, code))
  }

  #plan(acted: ActedRun): void {
    const { timeline, pace, scene } = this.#deps
    const move = acted.next(scene(acted.input, this.code.release))
    const instant = instantOf(timeline.now, move.afterMs, pace())
    const there = this.#planned.get(instant)
    if (there !== undefined) {
      there.push({ acted, move })
      return
    }
    this.#planned.set(instant, [{ acted, move }])
    timeline.at(instant, () => this.#carryOut(instant))
  }

  /** Stores what ends at this instant. */
  async #carryOut(instant: number): Promise<void> {
    const planned = this.#planned.get(instant) ?? []
    this.#planned.delete(instant)
    for (let i = 0; i < planned.length; i += maxBatch) await this.#store(planned.slice(i, i + maxBatch))
  }

  async #store(planned: readonly Planned[]): Promise<void> {
    const { store, timeline, pace, onFree } = this.#deps
    const checkpoints = planned.flatMap(checkpointsOf)
    const settlements = planned.flatMap(settlementOf)
    const { answers } = await store.commit(this.lease, [...checkpoints, ...settlements])
    for (const [i, answer] of answers.entries()) expect(answer, i < checkpoints.length ? 'stored' : 'settled')
    this.#running -= settlements.length
    for (const { acted, move } of planned) {
      acted.stored(move, timeline.now)
      if (move.outcome === undefined) this.#plan(acted)
    }
    if (settlements.length > 0 && pace().dueMs !== undefined) onFree()
  }
}

/** Of what takes longer, a little more doesn't show. */
function instantOf(now: number, afterMs: number, { stepMs }: Pace): number {
  const everyMs = afterMs > 20 * stepMs ? 20 * stepMs : stepMs
  return Math.ceil((now + afterMs) / everyMs) * everyMs
}

function checkpointsOf({ acted, move }: Planned): Checkpoint[] {
  const { id: run, fence } = acted.run
  return move.records.map((record, i) => ({
    ...{ kind: 'checkpoint', run, fence, position: acted.position + 1 + i, record },
  }))
}

function settlementOf({ acted, move }: Planned): Settlement[] {
  const { outcome, records } = move
  if (outcome === undefined) return []
  const { id: run, fence } = acted.run
  return [{ kind: 'settle', run, fence, position: acted.position + records.length, outcome }]
}

/** In a past that nothing else takes part in, every other answer is a fault of the demo. */
function expect(answer: EntryReply, kind: 'stored' | 'settled'): void {
  if (answer.kind !== kind)
    throw new Error(`the demo's past went wrong: the store answered '${answer.kind}', not '${kind}'`)
}
