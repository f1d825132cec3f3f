import { lossDelayMs, poisonLimit, suspectStreak } from '../../../runtime/model/poison.ts'
import { isEnd, type RunningStep, type RunState } from '../../../runtime/model/run.ts'
import { keysOf, type UniqueClaim } from '../../../runtime/model/unique.ts'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import { askPauseMs } from '../../../runtime/store/protection-level.ts'
import type { EnqueueReply } from '../../../runtime/store/store.ts'

/** A run as the oracle knows it. */
export interface KnownRun {
  readonly id: string
  readonly queue: string
  /** Only a claim with protection takes it. */
  protect: boolean
  readonly enqueuedAt: number
  state: RunState
  attempt: number
  losses: number
  /** Losses since the last new entry. */
  streak: number
  /** Last accepted position. */
  position: number
  /** The stored steps that the code no longer calls, from its last settlement. */
  orphans: readonly number[] | undefined
  /** Index of the worker that holds it. */
  holder: number | undefined
  /** Its unique key, and until when the run holds it. */
  readonly unique: UniqueClaim | undefined
  /** Whether it was claimed since its enqueue or its last manual retry. */
  started: boolean
  /** When it stops waiting. */
  wakeAt: number | undefined
  /** The time of its holder's last report of an open step. */
  toldAsOf: number | undefined
  /** Of the failure that it is failed for, or waits after. */
  fingerprint: string | undefined
  /** The last execution that was settled, for its repeat: fence and final state. */
  lastStay: { readonly fence: number; readonly state: RunState } | undefined
}

/** A worker of a task that was lost, and its runs as they were right after that. */
export interface KnownLoss {
  readonly lease: string
  readonly worker: string
  readonly at: number
  readonly runs: readonly Pick<KnownRun, 'id' | 'losses' | 'streak'>[]
  isExplained: boolean
}

/** The contract in as few lines as possible: one map of runs, no store, no clock. */
export class Oracle {
  readonly runs = new Map<string, KnownRun>()
  readonly paused = new Set<string>()
  /** Operation and subject of each entry in the log of operations. */
  readonly operations: string[] = []
  readonly losses: KnownLoss[] = []
  /** Windows by key: the run that opened the last one, and its end. */
  readonly windows = new Map<string, { readonly run: string; readonly end: number }>()
  /** Enqueues with a key, and the result of a repeat of each. */
  readonly sent: { readonly run: NewRun; readonly answer: EnqueueReply; readonly at: number }[] = []
  /** How often workers reported open steps. */
  told = 0
  /** Failures by fingerprint. */
  readonly failures = new Map<string, { tries: number; runs: number }>()
  now: number
  /** How often the store was compared with it. */
  agreed = 0
  /** Workers that were told to request protection. */
  #asked = { since: Number.NEGATIVE_INFINITY, count: 0 }

  constructor(now: number) {
    this.now = now
  }

  get(id: string): KnownRun {
    const run = this.runs.get(id)
    if (run === undefined) throw new Error(`the oracle knows no run ${id}`)
    return run
  }

  /** The holder of a unique key, by scanning all runs. */
  holder(key: string): string | undefined {
    const window = this.windows.get(key)
    if (window !== undefined && window.end > this.now) return window.run
    const holding = [...this.runs.values()].filter(
      ({ unique, state, started }) =>
        unique !== undefined &&
        keysOf(unique).includes(key) &&
        !isEnd(state) &&
        (unique.until === 'finished' || (unique.until === 'started' && !started)),
    )
    if (holding.length > 1) throw new Error(`${holding.length} runs hold the key ${key}`)
    return holding[0]?.id
  }

  /** Returns the result of an enqueue with a key; supersedes the holder if it has to. */
  enqueueUnique(id: string, queue: string, delayMs: number, unique: UniqueClaim): EnqueueReply {
    const keys = keysOf(unique)
    const holders = [...new Set(keys.flatMap((key) => this.holder(key) ?? []))]
    const holder = holders[0]
    if (holder !== undefined && unique.onDuplicate === 'join') return { outcome: 'joined', id: holder }
    const kept = holders.find((other) => {
      const held = this.runs.get(other)
      return unique.onDuplicate !== 'replace' || held === undefined || held.started || isEnd(held.state)
    })
    if (kept !== undefined) return { outcome: 'rejected', id, reason: 'duplicate', holder: kept }
    for (const other of holders) this.cancel(other)
    for (const key of keys) this.windows.delete(key)
    this.enqueue(id, queue, delayMs, unique)
    if (typeof unique.until !== 'string') {
      const window = { run: id, end: this.now + unique.until.ms }
      for (const key of keys) this.windows.set(key, window)
    }
    return holder === undefined ? { outcome: 'created', id } : { outcome: 'replaced', id, replaced: holder }
  }

  remove(id: string): void {
    const { unique } = this.get(id)
    for (const key of unique === undefined ? [] : keysOf(unique)) {
      if (this.windows.get(key)?.run === id) this.windows.delete(key)
    }
    this.runs.delete(id)
  }

  enqueue(id: string, queue: string, delayMs: number, unique?: UniqueClaim, protect = false): void {
    const scheduled = delayMs > 0
    this.runs.set(id, {
      ...{ id, queue, attempt: 1, losses: 0, streak: 0, position: 0, holder: undefined, lastStay: undefined },
      ...{ toldAsOf: undefined, protect },
      ...{ unique, enqueuedAt: this.now, started: false, orphans: undefined, fingerprint: undefined },
      state: scheduled ? 'scheduled' : 'ready',
      wakeAt: scheduled ? this.now + delayMs : undefined,
    })
  }

  /** The first part of every claim. */
  promote(): void {
    for (const run of this.runs.values()) {
      if (run.wakeAt !== undefined && run.wakeAt <= this.now) this.#ready(run)
    }
  }

  heldBy(worker: number): KnownRun[] {
    return [...this.runs.values()].filter(({ holder }) => holder === worker)
  }

  /** How many runs a claim of `max` gets, after `promote`. `takes`: includes runs that need protection. */
  claimable(worker: number, max: number, takes: boolean): number {
    return Math.min(
      max,
      this.#claimable(worker, ({ protect }) => takes || !protect),
    )
  }

  /** How many runs a claim without protection skips for lack of it. */
  protectedLeft(worker: number): number {
    return this.#claimable(worker, ({ protect }) => protect)
  }

  /** Whether one more worker is told to request protection for so many runs; counts it. */
  isToAsk(runs: number): boolean {
    if (runs === 0) return false
    if (this.now >= this.#asked.since + askPauseMs) this.#asked = { since: this.now, count: 0 }
    if (this.#asked.count >= runs) return false
    this.#asked.count++
    return true
  }

  #claimable(worker: number, isMeant: (run: KnownRun) => boolean): number {
    const ready = [...this.runs.values()].filter(
      (run) => run.state === 'ready' && !this.paused.has(run.queue) && isMeant(run),
    )
    const suspects = ready.filter(({ streak }) => streak >= suspectStreak).length
    const holdsSuspect = this.heldBy(worker).some(({ streak }) => streak >= suspectStreak)
    return ready.length - suspects + (holdsSuspect ? 0 : Math.min(1, suspects))
  }

  claim(id: string, worker: number): void {
    const run = this.get(id)
    if (run.state !== 'ready') throw new Error(`${id} was claimed although it is ${run.state}`)
    if (this.paused.has(run.queue)) throw new Error(`${id} was claimed from a paused queue`)
    run.state = 'running'
    run.fingerprint = undefined
    run.started = true
    run.holder = worker
    run.toldAsOf = undefined
  }

  /** A worker reports a step of each run that it holds. */
  tell(worker: number, agoMs: number): void {
    for (const run of this.heldBy(worker)) run.toldAsOf = this.now - agoMs
  }

  /** The open step that the store shows of a run. */
  stepOf({ id, holder, toldAsOf }: KnownRun): RunningStep | undefined {
    if (holder === undefined || toldAsOf === undefined) return undefined
    return { path: `in ${id}`, openMs: 5_000, toldAgoMs: this.now - toldAsOf }
  }

  checkpoint(id: string): void {
    const run = this.get(id)
    run.position++
    run.streak = 0
  }

  /** The state a settlement ends in. */
  settle(
    id: string,
    kind: 'completed' | 'failed' | 'retrying' | 'released' | 'marked' | 'blocked' | 'waiting',
    pauseMs: number,
    orphans?: readonly number[],
  ): RunState {
    const run = this.get(id)
    run.orphans = orphans
    const cancelling = run.state === 'cancelling'
    run.holder = undefined
    if (kind === 'completed' || kind === 'failed') run.state = kind
    else if (cancelling) run.state = 'cancelled'
    else if (kind === 'released' || kind === 'marked') {
      run.protect ||= kind === 'marked'
      this.#ready(run)
    } else if (kind === 'blocked') run.state = 'blocked'
    else {
      run.state = 'waiting'
      run.wakeAt = this.now + pauseMs
      if (kind === 'retrying') run.attempt++
    }
    return run.state
  }

  /** A failed attempt of a step, of the run, or its last. */
  fail(id: string, fingerprint: string, of: 'step' | 'try' | 'end'): void {
    const run = this.get(id)
    const group = this.failures.get(fingerprint) ?? { tries: 0, runs: 0 }
    this.failures.set(fingerprint, group)
    group.tries++
    if (of === 'end') group.runs++
    if (of !== 'step' && (run.state === 'failed' || run.state === 'waiting')) run.fingerprint = fingerprint
  }

  /** The result of `failures`, by fingerprint. */
  groups(): Record<string, { tries: number; runs: number; failedNow: number }> {
    const runs = [...this.runs.values()].filter(({ state }) => state === 'failed')
    const failedNow = (of: string): number => runs.filter(({ fingerprint }) => fingerprint === of).length
    return Object.fromEntries(
      [...this.failures].map(([of, group]) => [of, { ...group, failedNow: failedNow(of) }]),
    )
  }

  /** All its runs are handed back. */
  resign(worker: number): void {
    for (const run of this.heldBy(worker)) this.settle(run.id, 'released', 0, run.orphans)
  }

  /** Its process died, or its lease expired. */
  lose(worker: number, known: Pick<KnownLoss, 'lease' | 'worker'>): void {
    const held = this.heldBy(worker)
    this.#lose(held)
    const runs = held.map(({ id, losses, streak }) => ({ id, losses, streak }))
    this.losses.push({ ...known, at: this.now, runs, isExplained: false })
  }

  /** The cause of a lost worker's death is known, and is unrelated to its runs, or a run may have caused it. */
  explain({ runs, at }: KnownLoss, isBlameless: boolean): void {
    for (const { id, losses, streak } of isBlameless ? runs : []) {
      const run = this.runs.get(id)
      if (run === undefined || isEnd(run.state)) continue
      if (run.losses !== losses || run.streak !== streak || streak === 0) continue
      // It is claimed only to be failed.
      if (run.holder !== undefined && streak >= poisonLimit) continue
      run.streak--
      if (run.wakeAt !== at + lossDelayMs(streak)) continue
      run.wakeAt = at + lossDelayMs(streak - 1)
      if (run.wakeAt <= this.now) this.#ready(run)
    }
  }

  #lose(held: readonly KnownRun[]): void {
    for (const run of held) {
      run.holder = undefined
      run.losses++
      run.streak++
      const delayMs = lossDelayMs(run.streak)
      if (run.state === 'cancelling') {
        run.streak--
        run.state = 'cancelled'
      } else if (run.streak > poisonLimit) {
        run.state = 'failed'
        this.fail(run.id, 'f1:poisoned:job', 'end')
      } else if (delayMs === 0) this.#ready(run)
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
    run.fingerprint = undefined
    return run.state
  }

  canRetry(id: string): boolean {
    return ['failed', 'cancelled', 'expired', 'blocked'].includes(this.get(id).state)
  }

  /** Another run that holds a key which a retry of this one needs. */
  keyHolderBeside(id: string): string | undefined {
    const { unique, enqueuedAt } = this.get(id)
    if (unique === undefined) return undefined
    const over = typeof unique.until !== 'string' && enqueuedAt + unique.until.ms <= this.now
    const holders = over ? [] : keysOf(unique).map((key) => this.holder(key))
    return holders.find((holder) => holder !== undefined && holder !== id)
  }

  retry(id: string): void {
    const run = this.get(id)
    run.started = false
    run.attempt = 1
    run.streak = 0
    this.#ready(run)
  }

  #ready(run: KnownRun): void {
    run.state = 'ready'
    run.fingerprint = undefined
    run.wakeAt = undefined
  }
}
