import { bodyGraceMs } from '../model/body-grace.ts'
import type { Clock } from '../model/clock.ts'
import { decodeValue } from '../model/codec.ts'
import {
  AbortedError,
  type AbortReason,
  JournalMismatchError,
  StepFailedError,
  StepUnknownError,
} from '../model/errors.ts'
import type { JournalRecord } from '../model/journal.ts'
import type { Hook } from '../model/middleware.ts'
import type { Wait } from '../model/outcome.ts'
import type { StepKind } from '../model/step-kind.ts'
import type { StepPath } from '../model/step-path.ts'
import { fromStoredError } from '../model/stored-error.ts'
import type { ClaimedRun, JournalPage } from '../store/store.ts'
import type { CurrentRun } from './current-run.ts'
import { ExecutionState, type StateListener } from './execution-state.ts'
import { FailedSteps } from './failed-steps.ts'
import { forever } from './forever.ts'
import type { StoredStep } from './journal-index.ts'
import { type EntrySender, JournalWriter } from './journal-writer.ts'
import type { LeaseListener } from './lease-listener.ts'
import { LimitRequests, type LimitStore } from './limit-requests.ts'
import type { Macrotasks } from './macrotasks.ts'
import { type OnceCover, StepBodies } from './step-bodies.ts'
import { StepResults } from './step-results.ts'
import { StepScope } from './step-scope.ts'
import { StepWaits } from './step-waits.ts'
import { abortReasons, isHandOver, type Stop } from './stop.ts'
import { TimerSet } from './timer-set.ts'

/** How an execution ended. */
export type ExecutionEnd =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'stopped'; readonly stop: Stop }

/** The next event of an execution: it has ended, or it only waits and may be suspended. */
export type ExecutionEvent = ExecutionEnd | { readonly kind: 'suspendable'; readonly waits: readonly Wait[] }

/** A step's end in its stored form. */
export type StepEnd = Extract<JournalRecord, { phase: 'done' | 'failed' }>

export interface StepSchedulerDeps {
  readonly clock: Clock
  readonly macrotasks: Macrotasks
  readonly stepHooks: readonly Hook<'step'>[]
  readonly maxValueBytes: number
  readonly outbox: EntrySender
  readonly limitStore: LimitStore
  readonly readPage: (run: ClaimedRun, from: number) => Promise<JournalPage | 'gone'>
  readonly listener: Pick<LeaseListener, 'idle'>
}

/**
 * Schedules the steps of one execution over the run's journal.
 * E1  A step's promise settles only with what the store has confirmed (G1), through the release queue (R1).
 * E2  Each entry gets the next position, in the order of the calls of `append`. After the store has replied `gap` or
 *     `gone`, nothing more is written and nothing more settles.
 * E3  Once a stop is requested, no body begins. Step calls are held and never settle, so no `catch` of the author sees the
 *     stop. One exception (R12): if a hand-over is requested while the intent of an at-most-once body is being stored, the
 *     body begins once the intent is stored. Otherwise the step would count as unknown although its body never began. If
 *     the store can't be reached, the intent isn't stored, and the run is given up when the time of the drain is over.
 * E4  The execution ends (returned, threw, stopped) or becomes suspendable only when no body runs and no store call of a
 *     step is in flight. Two exceptions: after a stop that isn't a hand-over, the execution waits at most 5 s for bodies;
 *     a lost run ends at once.
 */
export class StepScheduler implements StateListener {
  readonly run: CurrentRun
  readonly deps: StepSchedulerDeps
  readonly state: ExecutionState
  readonly journal: JournalWriter
  readonly results: StepResults
  readonly #cover: OnceCover
  readonly #clock: Clock
  readonly #timers: TimerSet
  /** Events that `nextEvent` has not returned yet. */
  #events: readonly ExecutionEvent[] = noEvents
  #takeNext: ((event: ExecutionEvent) => void) | undefined
  // Created on first use: a job without steps needs none of them.
  #bodies: StepBodies | undefined
  #waits: StepWaits | undefined
  #limits: LimitRequests | undefined
  #root: StepScope | undefined
  #failedSteps: FailedSteps | undefined
  #controller: AbortController | undefined
  #aborted: AbortedError | undefined
  #onLost: ((outcome: 'lost') => void) | undefined

  constructor(run: CurrentRun, cover: OnceCover, deps: StepSchedulerDeps) {
    this.run = run
    this.deps = deps
    this.#cover = cover
    this.#clock = deps.clock
    this.state = new ExecutionState(deps.macrotasks, this)
    this.#timers = new TimerSet(deps.clock)
    this.results = new StepResults(deps.clock, deps.macrotasks, this)
    this.journal = new JournalWriter(run.claimed, this.state, deps.outbox, this.results)
  }

  get bodies(): StepBodies {
    const { run, state } = this
    this.#bodies ??= new StepBodies({ ...this.deps, run, state, cover: this.#cover })
    return this.#bodies
  }

  get waits(): StepWaits {
    this.#waits ??= new StepWaits(this.state, this.#clock, this.#timers)
    return this.#waits
  }

  get limits(): LimitRequests {
    this.#limits ??= new LimitRequests(this.run.claimed, this.state, this.deps.limitStore)
    return this.#limits
  }

  get root(): StepScope {
    this.#root ??= new StepScope('')
    return this.#root
  }

  get failedSteps(): FailedSteps {
    this.#failedSteps ??= new FailedSteps()
    return this.#failedSteps
  }

  /** Created on first use: most jobs never read it. */
  get abortSignal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted)
    }
    return this.#controller.signal
  }

  /** Whether the execution holds its slot only to wait. */
  get isIdle(): boolean {
    return this.#isWaiting && !this.isBusy
  }

  /** Whether steps wait, and no result is on its way to one. */
  get #isWaiting(): boolean {
    return this.#waits?.areOpen === true && !this.results.areOnTheirWay
  }

  /** Whether a body runs or a store call of a step is in flight. Both keep the execution from ending (E4). */
  get isBusy(): boolean {
    return this.#bodies?.areOpen === true || this.state.isStoring
  }

  /**
   * Loads the journal of earlier executions, of which the claim brought only the first page. Returns whether the run is
   * still this worker's.
   */
  replay(): boolean | Promise<boolean> {
    const { journal } = this.run.claimed
    this.#load(journal)
    return journal.more ? this.#replayFrom(journal) : this.#endReplay()
  }

  async #replayFrom(first: JournalPage): Promise<boolean> {
    let page: JournalPage | 'gone' = first
    while (page.more) {
      page = await this.deps.readPage(this.run.claimed, page.entries.at(-1)?.position ?? 0)
      if (page === 'gone') return false
      this.#load(page)
    }
    return this.#endReplay()
  }

  #load({ entries }: JournalPage): void {
    this.results.add(entries)
    this.journal.countStored(entries.length)
  }

  #endReplay(): boolean {
    this.results.load()
    return !this.state.isClosed
  }

  /** Calls the job's function. Returns its end if it has already ended; otherwise `nextEvent` returns it. */
  begin<C>(call: (context: C) => unknown, context: C): ExecutionEnd | undefined {
    const { deadlineInMs } = this.run.claimed
    if (deadlineInMs !== undefined) this.#timers.after(deadlineInMs, () => this.stop({ kind: 'timed out' }))
    let returned: unknown
    try {
      returned = call(context)
    } catch (error) {
      returned = Promise.reject(error)
    }
    // Steps that the function called without awaiting them must begin before the execution ends.
    const hasEnded = isPrimitive(returned) && this.#root === undefined
    if (!hasEnded) {
      Promise.resolve(returned).then(
        (value) => this.#emit({ kind: 'returned', value }),
        (error: unknown) => this.#emit({ kind: 'threw', error }),
      )
    }
    this.changed()
    // A stop may have been emitted already. Then the stop comes first.
    return hasEnded && this.#events.length === 0 ? { kind: 'returned', value: returned } : undefined
  }

  /**
   * Sets the callback for a lost run: another worker owns the run, or the store has lost entries of it. The callback is
   * called as soon as the loss is known.
   */
  onLost(tell: (outcome: 'lost') => void): void {
    this.#onLost = tell
  }

  /** Returns the next event. Call it again if the store refuses a suspension. */
  nextEvent(): ExecutionEvent | Promise<ExecutionEvent> {
    const event = this.#events[0]
    if (event === undefined) {
      return new Promise((resolve) => {
        this.#takeNext = resolve
      })
    }
    this.#events = this.#events.slice(1)
    return event
  }

  /** Asks the execution to end at the next step edge; aborts signals. A lost lease ends it at once. */
  stop(stop: Stop): void {
    this.state.requestStop(stop)
  }

  /** Carries out a stop that the state accepted. */
  stopped(stop: Stop): void {
    this.abort(abortReasons[stop.kind])
    if (stop.kind === 'lost') {
      this.close()
      this.#onLost?.('lost')
      return
    }
    if (!isHandOver(stop)) this.#timers.after(bodyGraceMs, () => this.#giveUpBodies())
    this.changed()
  }

  abort(reason: AbortReason): void {
    this.#aborted ??= new AbortedError(reason)
    this.#controller?.abort(this.#aborted)
    this.#bodies?.abort(reason)
  }

  /** Nothing is written and nothing settles any more. */
  close(): void {
    this.state.close()
    this.#waits?.endQuiet()
    this.#timers.clear()
    this.results.close()
  }

  /** The function has ended: no step begins any more. */
  end(): void {
    this.state.end()
    this.#waits?.endQuiet()
    this.#timers.clear()
  }

  /** Logs the failures of steps that the end of the run does not report. */
  logFailedSteps(end?: { readonly error: unknown }): void {
    this.#failedSteps?.log(this.run.log, end)
  }

  /**
   * Makes one step call. A stored end is handed out in its order. Without one, `work` makes the end, which is handed out
   * once it is stored. The result is the decoded stored value, both on the first run and on a resume (G2). Once the
   * execution is to stop, the call never settles.
   */
  async step<T>(
    scope: StepScope,
    segment: string,
    kind: StepKind,
    work: (path: StepPath, stored: StoredStep | undefined) => Promise<StepEnd>,
  ): Promise<T> {
    const path = scope.enter(segment)
    await this.state.mayBegin()
    const stored = this.results.take(path)
    if (stored !== undefined && stored.kind !== kind) {
      this.stop({ kind: 'blocked', reason: new JournalMismatchError(path, stored.kind, kind).message })
      return forever()
    }
    try {
      const end = stored?.end ?? (await work(path, stored))
      // Recorded before the result is released: the function may end without awaiting this step.
      if (end.phase === 'failed') this.failedSteps.addStored(path, end.error)
      if (this.state.endsAtOnce) return this.state.holdStep()
      await this.results.release(path)
      return this.#resultOf<T>(end)
    } finally {
      scope.leave(segment)
    }
  }

  #resultOf<T>(end: StepEnd): T {
    if (end.phase === 'done') return decodeValue(end.value, `result of step '${end.path}'`) as T
    const error = stepError(end)
    this.failedSteps.know(error)
    throw error
  }

  /** Emits an event if the execution can stop now. If it only waits, watches for the quiet time before a suspension. */
  changed(): void {
    this.#waits?.endQuiet()
    const { stop, isClosed, hasEnded } = this.state
    if (isClosed || hasEnded || this.isBusy) return
    if (stop !== undefined) {
      if (!isHandOver(stop) || this.#isAtEdge) this.#emit({ kind: 'stopped', stop })
    } else if (this.#isWaiting) {
      this.#watchQuiet()
    }
  }

  /**
   * Whether a step is held or waits. A run is handed over only at such an edge: code between steps may still reach its
   * next step.
   */
  get #isAtEdge(): boolean {
    return this.state.holdsSteps || this.#waits?.areOpen === true
  }

  #watchQuiet(): void {
    const isWatched = this.waits.watchQuiet((waits) => this.#emit({ kind: 'suspendable', waits }))
    if (isWatched) this.deps.listener.idle()
  }

  #giveUpBodies(): void {
    const { stop, isClosed } = this.state
    if (isClosed || stop === undefined || this.#bodies?.areOpen !== true) return
    this.run.log.warn({ steps: this.bodies.paths }, 'steps go on after their run was stopped')
    this.#emit({ kind: 'stopped', stop })
  }

  #emit(event: ExecutionEvent): void {
    const take = this.#takeNext
    if (take !== undefined) {
      this.#takeNext = undefined
      take(event)
      return
    }
    const last = this.#events.at(-1)
    if (event.kind === 'stopped' && last?.kind === 'stopped' && last.stop === event.stop) return
    this.#events = [...this.#events, event]
  }
}

const noEvents: readonly ExecutionEvent[] = []

/** Returns whether a value can't be a promise: only objects and functions can. */
function isPrimitive(value: unknown): boolean {
  return typeof value !== 'object' && typeof value !== 'function'
}

function stepError(end: Extract<StepEnd, { phase: 'failed' }>): Error {
  const cause = fromStoredError(end.error)
  return StepUnknownError.is(cause) ? cause : new StepFailedError(end.path, end.attempt, cause)
}
