import { lossDelayMs, poisonLimit, suspectStreak } from '../../../runtime/model/poison.ts'
import { isEnd, type RunState } from '../../../runtime/model/run.ts'

/** A run as the oracle knows it. */
export interface KnownRun {
  readonly id: string
  readonly queue: string
  state: RunState
  attempt: number
  losses: number
  /** Losses since the last new entry. */
  streak: number
  /** Last accepted position. */
  position: number
  /** Index of the worker that holds it. */
  holder: number | undefined
  /** When it stops waiting. */
  wakeAt: number | undefined
  /** The last stay that was settled, for its repeat: fence and the state it ended in. */
  lastStay: { readonly fence: number; readonly state: RunState } | undefined
}

/** The contract in as few lines as it can be said: one map of runs, no store, no time of its own. */
export class Oracle {
  readonly runs = new Map<string, KnownRun>()
  readonly paused = new Set<string>()
  now: number

  constructor(now: number) {
    this.now = now
  }

  get(id: string): KnownRun {
    const run = this.runs.get(id)
    if (run === undefined) throw new Error(`the oracle knows no run ${id}`)
    return run
  }

  enqueue(id: string, queue: string, delayMs: number): void {
    const scheduled = delayMs > 0
    this.runs.set(id, {
      ...{ id, queue, attempt: 1, losses: 0, streak: 0, position: 0, holder: undefined, lastStay: undefined },
      state: scheduled ? 'scheduled' : 'ready',
      wakeAt: scheduled ? this.now + delayMs : undefined,
    })
  }

  /** What every claim does first. */
  promote(): void {
    for (const run of this.runs.values()) {
      if (run.wakeAt !== undefined && run.wakeAt <= this.now) this.#ready(run)
    }
  }

  heldBy(worker: number): KnownRun[] {
    return [...this.runs.values()].filter(({ holder }) => holder === worker)
  }

  /** How many runs a claim of `max` gets, after `promote`. */
  claimable(worker: number, max: number): number {
    const ready = [...this.runs.values()].filter(
      ({ state, queue }) => state === 'ready' && !this.paused.has(queue),
    )
    const suspects = ready.filter(({ streak }) => streak >= suspectStreak).length
    const holdsSuspect = this.heldBy(worker).some(({ streak }) => streak >= suspectStreak)
    return Math.min(max, ready.length - suspects + (holdsSuspect ? 0 : Math.min(1, suspects)))
  }

  claim(id: string, worker: number): void {
    const run = this.get(id)
    if (run.state !== 'ready') throw new Error(`${id} was claimed although it is ${run.state}`)
    if (this.paused.has(run.queue)) throw new Error(`${id} was claimed from a paused queue`)
    run.state = 'running'
    run.holder = worker
  }

  checkpoint(id: string): void {
    const run = this.get(id)
    run.position++
    run.streak = 0
  }

  /** The state a settlement ends in. */
  settle(
    id: string,
    kind: 'completed' | 'failed' | 'retrying' | 'released' | 'blocked' | 'waiting',
    pauseMs: number,
  ): RunState {
    const run = this.get(id)
    const cancelling = run.state === 'cancelling'
    run.holder = undefined
    if (kind === 'completed' || kind === 'failed') run.state = kind
    else if (cancelling) run.state = 'cancelled'
    else if (kind === 'released') this.#ready(run)
    else if (kind === 'blocked') run.state = 'blocked'
    else {
      run.state = 'waiting'
      run.wakeAt = this.now + pauseMs
      if (kind === 'retrying') run.attempt++
    }
    return run.state
  }

  /** All its runs are handed back. */
  resign(worker: number): void {
    for (const run of this.heldBy(worker)) this.settle(run.id, 'released', 0)
  }

  /** Its process died, or its lease expired. */
  lose(worker: number): void {
    for (const run of this.heldBy(worker)) {
      run.holder = undefined
      run.losses++
      run.streak++
      const delayMs = lossDelayMs(run.streak)
      if (run.state === 'cancelling') {
        run.streak--
        run.state = 'cancelled'
      } else if (run.streak > poisonLimit) run.state = 'failed'
      else if (delayMs === 0) this.#ready(run)
      else {
        run.state = 'waiting'
        run.wakeAt = this.now + delayMs
      }
    }
  }

  cancel(id: string): RunState {
    const run = this.get(id)
    if (isEnd(run.state) || run.state === 'cancelling') return run.state
    run.state = run.state === 'running' ? 'cancelling' : 'cancelled'
    run.wakeAt = undefined
    return run.state
  }

  canRetry(id: string): boolean {
    return ['failed', 'cancelled', 'expired', 'blocked'].includes(this.get(id).state)
  }

  retry(id: string): void {
    const run = this.get(id)
    run.attempt = 1
    run.streak = 0
    this.#ready(run)
  }

  #ready(run: KnownRun): void {
    run.state = 'ready'
    run.wakeAt = undefined
  }
}
