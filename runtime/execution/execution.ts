import { bodyGraceMs } from '../model/body-grace.ts'
import type { CancelTimer, Clock } from '../model/clock.ts'
import { decodeValue } from '../model/codec.ts'
import {
  AbortedError,
  type AbortReason,
  JournalFullError,
  JournalMismatchError,
  StepFailedError,
  StepUnknownError,
} from '../model/errors.ts'
import type { FailureMark } from '../model/failure-mark.ts'
import type { Logger, RunInfo, StepContext } from '../model/job.ts'
import { entryOverheadBytes, type JournalRecord, journalLimits, type StepKind } from '../model/journal.ts'
import type { LimitUse } from '../model/limit-use.ts'
import type { Limiter } from '../model/limiter.ts'
import { hooksOf, type Middleware, through } from '../model/middleware.ts'
import type { Wait } from '../model/outcome.ts'
import { onFailedPath, type StepPath } from '../model/step-path.ts'
import { fromStoredError, type StoredError } from '../model/stored-error.ts'
import { messageOf } from '../model/thrown.ts'
import type { AcquireAnswer, AcquireRequest, CostCorrection, StepTurn } from '../store/limiters.ts'
import type { Checkpoint, ClaimedRun, EntryAnswer, JournalPage } from '../store/store.ts'
import { Body, type BodyEnd } from './body.ts'
import { FailedSteps } from './failed-steps.ts'
import { failureMark } from './fingerprint.ts'
import { JournalIndex, type StoredStep } from './journal-index.ts'
import { ReleaseLine } from './release-line.ts'
import { frames, StepScope } from './step-scope.ts'

/** Why a stay has to end although the job's function has not. */
export type Stop =
  | { readonly kind: 'draining' }
  /** It needs scale-in protection, and the task has none or loses it. */
  | { readonly kind: 'unprotected' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'timed out' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'journal full'; readonly error: JournalFullError }

/** The stay has come to its end; the slot turns it into an outcome. */
export type EndTurn =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'stopped'; readonly stop: Stop }

/** The stay only waits and could be suspended. */
export interface WaitTurn {
  readonly kind: 'suspendable'
  readonly waits: readonly Wait[]
}

export type Turn = EndTurn | WaitTurn

/** A step's end as it was stored. */
export type StepEnd = Extract<JournalRecord, { phase: 'done' | 'failed' }>

/** What steps ask of limiters. */
export interface LimitSeams {
  /** Lets the store know limiters that only steps name; once each is enough. */
  defineLimiters(limiters: readonly Limiter[]): Promise<void>
  acquire(request: AcquireRequest): Promise<AcquireAnswer>
  closeKeys(request: StepTurn & { readonly closedMs: number }): Promise<'closed' | 'gone'>
  correctCost(request: CostCorrection): Promise<'corrected' | 'gone'>
}

export interface ExecutionSeams extends LimitSeams {
  readonly clock: Clock
  readonly log: Logger
  readonly middleware: readonly Middleware[]
  readonly maxValueBytes: number
  /** Of the job's code. */
  readonly version: number
  /** Called when the stay begins to hold its slot only to wait. */
  onIdle(): void
  /**
   * Asks for the scale-in protection of an at-most-once body. Resolves to what ends it; undefined when the body may not
   * begin.
   */
  coverOnce(): Promise<(() => void) | undefined>
  submit(entry: Checkpoint): Promise<EntryAnswer>
  readPage(from: number): Promise<JournalPage | 'gone'>
}

interface OpenCode {
  readonly path: StepPath
  readonly since: number
}

/** Quiet time after which a run that only waits gives its slot back. */
const suspendAfterMs = 1_000
const mostWaitsNamed = 50

interface LocalWait {
  readonly kind: Wait['kind']
  /** Ends the wait before its time: a limit may be open. */
  readonly again?: () => void
  readonly position: number | undefined
  readonly fingerprint: string | undefined
  readonly endsAt: number
}

/**
 * One stay of a run in a slot: the steps of its function over its journal.
 * E1  A step's promise settles only with what the store has confirmed (G1), through the release line (R1).
 * E2  Positions are handed out in the order of `append`, one store entry each; after `gap` or `gone` nothing
 *     more is written and nothing more settles.
 * E3  Once a stop is asked for, no body begins: a step call is held for ever, so no `catch` of the author sees it. One
 *     exception: when a hand-over is asked for while the intent of an at-most-once body is being stored, the body begins (R12).
 *     Handed over then, its effect would be unknown although it never began. Where the store can't be reached the intent isn't
 *     stored either, and the run is given up when the time of the drain is over.
 * E4  The stay turns (returned, threw, stopped, suspendable) only when no body runs and no append is under way;
 *     a lost run ends at once, whatever is under way.
 */
export class Execution {
  readonly run: ClaimedRun
  readonly info: RunInfo
  readonly seams: ExecutionSeams
  readonly root: StepScope = new StepScope('')
  readonly failedSteps: FailedSteps = new FailedSteps()
  readonly #index = new JournalIndex()
  readonly #line: ReleaseLine
  readonly #controller = new AbortController()
  readonly #bodies = new Set<Body>()
  /** Code of the author that runs beside the steps. */
  #aside: OpenCode | undefined
  readonly #waits = new Map<StepPath, LocalWait>()
  readonly #turns: Turn[] = []
  #lose: () => void = () => undefined
  /** Resolves when another worker owns the run, or the store has lost entries of it. */
  readonly lost: Promise<void> = new Promise((resolve) => {
    this.#lose = resolve
  })
  #wakeTurn: (() => void) | undefined
  #stop: Stop | undefined
  #held = 0
  #ended = false
  #closed = false
  #position: number
  #bytes: number
  /** Stored entries: after a retry fewer than positions. */
  #entries = 0
  #appending = 0
  #gate: Promise<void> | undefined
  #quiet: CancelTimer | undefined
  #timers = new Set<CancelTimer>()
  /** Uses of limits so far. */
  #limitTurns = 0
  #corrections = 0

  constructor(run: ClaimedRun, info: RunInfo, seams: ExecutionSeams) {
    this.run = run
    this.info = info
    this.seams = seams
    this.#position = run.position
    this.#bytes = run.journalBytes
    this.#line = new ReleaseLine(seams.clock, () => this.#check())
  }

  get abortSignal(): AbortSignal {
    return this.#controller.signal
  }

  /** The last position known to be stored, once nothing is under way. */
  get position(): number {
    return this.#position
  }

  /** Whether results of earlier stays are still being handed out. */
  get replaying(): boolean {
    return this.#line.replaying
  }

  /** Whether the stay holds its slot only to wait. */
  get idle(): boolean {
    return this.#waits.size > 0 && this.#bodies.size === 0 && this.#appending === 0 && !this.#line.busy
  }

  /** Whether an at-most-once body is running: such a run is never handed back (R12). */
  get insideOnce(): boolean {
    return [...this.#bodies].some((body) => body.once)
  }

  /** The author's code that has been running for longest, if any runs in a step. */
  get longestOpen(): { readonly path: StepPath; readonly openMs: number } | undefined {
    let oldest: OpenCode | undefined = this.#aside
    for (const body of this.#bodies) if (oldest === undefined || body.since < oldest.since) oldest = body
    return oldest && { path: oldest.path, openMs: this.seams.clock.elapsed() - oldest.since }
  }

  /** What a hand-over waits for: an at-most-once body first, then the code that has been running for longest. */
  get handOverWaitsFor(): { readonly path: StepPath; readonly once: boolean } | undefined {
    const once = [...this.#bodies].find((body) => body.once)
    if (once !== undefined) return { path: once.path, once: true }
    const open = this.longestOpen
    return open && { path: open.path, once: false }
  }

  /** Steps whose bodies have not ended. */
  get openBodies(): readonly StepPath[] {
    return [...this.#bodies].map((body) => body.path)
  }

  /** Reads the journal of earlier stays. Answers false when the run is another's by now. */
  async replay(): Promise<boolean> {
    let page: JournalPage | 'gone' = this.run.journal
    this.#index.add(page.entries)
    this.#entries = page.entries.length
    while (page.more) {
      page = await this.seams.readPage(page.entries.at(-1)?.position ?? 0)
      if (page === 'gone') return false
      this.#index.add(page.entries)
      this.#entries += page.entries.length
    }
    this.#line.load(this.#index.ends.filter((path) => path !== onFailedPath))
    return !this.#closed
  }

  /** Calls the job's function; what becomes of it arrives as a turn. */
  begin(call: () => Promise<unknown>): void {
    if (this.run.deadlineInMs !== undefined) {
      this.#timers.add(this.seams.clock.after(this.run.deadlineInMs, () => this.stop({ kind: 'timed out' })))
    }
    call().then(
      (value) => this.#turn({ kind: 'returned', value }),
      (error: unknown) => this.#turn({ kind: 'threw', error }),
    )
    this.#check()
  }

  /** What the stay comes to next. After a suspension that the store refused, ask again. */
  async nextTurn(): Promise<Turn> {
    for (;;) {
      const turn = this.#turns.shift()
      if (turn !== undefined) return turn
      await new Promise<void>((resolve) => {
        this.#wakeTurn = resolve
      })
    }
  }

  /** Asks the stay to end at the next step edge; aborts what listens. A lost lease ends it at once. */
  stop(stop: Stop): void {
    if (this.#closed || this.#stop?.kind === 'lost') return
    if (this.#ended && stop.kind !== 'lost') return
    // A drain must not take from a run that it needs protection.
    const isFirm = this.#stop !== undefined && (!isHandOver(this.#stop) || stop.kind === 'draining')
    if (isFirm && stop.kind !== 'lost') return
    this.#stop = stop
    this.abort(abortReasons[stop.kind])
    if (stop.kind === 'lost') {
      this.close()
      this.#lose()
      return
    }
    if (!isHandOver(stop)) this.#timers.add(this.seams.clock.after(bodyGraceMs, () => this.#giveUpBodies()))
    this.#check()
  }

  abort(reason: AbortReason): void {
    this.#controller.abort(new AbortedError(reason))
    const spares = reason === 'draining' || reason === 'protection lost'
    for (const body of this.#bodies) if (!(spares && body.once)) body.abort(reason)
  }

  /** Holds new steps back while the store decides on a suspension; `release` lets them go on. */
  holdSteps(): () => void {
    let release = (): void => undefined
    this.#gate = new Promise((resolve) => {
      release = () => {
        this.#gate = undefined
        resolve()
      }
    })
    return release
  }

  /** Nothing is written and nothing settles any more. */
  close(): void {
    this.#closed = true
    this.#quiet?.()
    for (const cancel of this.#timers) cancel()
    this.#line.close()
  }

  /** The function has ended: no step begins any more. Then as `settleBodies`. */
  finish(abort?: AbortReason): Promise<readonly StepPath[]> {
    this.#ended = true
    this.#quiet?.()
    for (const cancel of this.#timers) cancel()
    if (abort !== undefined) this.abort(abort)
    return this.settleBodies()
  }

  /** Waits until no body runs and nothing is being stored; answers the paths of bodies that did not end (R3). */
  async settleBodies(): Promise<readonly StepPath[]> {
    const open = [...this.#bodies]
    await Promise.all(open.map((body) => body.endInGrace()))
    // A body that has just ended is about to store its end.
    if (open.length > 0) await this.hop()
    while (this.#appending > 0) await this.hop()
    return this.openBodies
  }

  hop(): Promise<void> {
    return new Promise((resolve) => this.seams.clock.soon(resolve))
  }

  /** Calls code of the author that is no step, and shows it as open under `path` meanwhile. */
  async runAside(path: StepPath, call: () => unknown): Promise<void> {
    this.#aside = { path, since: this.seams.clock.elapsed() }
    try {
      await call()
    } finally {
      this.#aside = undefined
    }
  }

  /** The stored `onFailed`, if it has run. */
  takeStored(path: StepPath): StoredStep | undefined {
    return this.#index.take(path)
  }

  /**
   * Returns where the stored steps that the code no longer calls stand in the journal. Once it has returned these are
   * all that it did not call; before, only those that it went past, as it may yet call the others.
   */
  findOrphans(hasReturned: boolean): readonly number[] {
    return this.#index.untaken(
      (path) => path !== onFailedPath && (hasReturned || this.#line.isOvertaken(path)),
    )
  }

  /**
   * One step call: a stored end is handed out in its turn; otherwise `work` makes the end and it is handed out
   * once stored. The result is the decoded stored value, on the first run as on a resume (G2). Held for ever once the
   * stay is to stop.
   */
  async step<T>(
    scope: StepScope,
    segment: string,
    kind: StepKind,
    work: (path: StepPath, stored: StoredStep | undefined) => Promise<StepEnd>,
  ): Promise<T> {
    const path = scope.enter(segment)
    await this.#mayBegin()
    const stored = this.#index.take(path)
    if (stored !== undefined && stored.kind !== kind) {
      this.stop({ kind: 'blocked', reason: new JournalMismatchError(path, stored.kind, kind).message })
      return forever()
    }
    try {
      const end = stored?.end ?? (await work(path, stored))
      // Before it is handed out: the function may end without waiting for it.
      if (end.phase === 'failed') this.failedSteps.addStored(path, end.error)
      await new Promise<void>((resolve) => {
        if (end === stored?.end) this.#line.called(path, resolve)
        else this.#line.push(path, resolve)
      })
      if (end.phase === 'done') return decodeValue(end.value, `result of step '${path}'`) as T
      const error = stepError(end)
      this.failedSteps.know(error)
      throw error
    } finally {
      scope.leave(segment)
    }
  }

  /** Stores one record as the run's next entry. */
  async append(
    record: JournalRecord,
    { limited = false }: { readonly limited?: boolean } = {},
  ): Promise<EntryAnswer & { readonly position: number }> {
    while (this.#gate !== undefined) await this.#gate
    if (this.#closed || this.#isFull(record)) return forever()
    const position = ++this.#position
    this.#entries++
    // The end of a wait may be refused as early: its position is then free again, so nothing may follow it yet.
    const refusable = record.phase === 'done' && record.waitedAt !== undefined
    const open = refusable ? this.holdSteps() : undefined
    this.#appending++
    try {
      const { id, fence } = this.run
      const entry = { kind: 'checkpoint', run: id, fence, position, record } as const
      const answer = await this.seams.submit(limited ? { ...entry, limited } : entry)
      if (answer.kind === 'early') {
        this.#position--
        this.#entries--
      }
      if (answer.kind === 'gap' || answer.kind === 'gone') {
        this.stop({ kind: 'lost' })
        return forever()
      }
      return { ...answer, position }
    } catch (error) {
      const reason = messageOf(error)
      this.stop({ kind: 'blocked', reason: `step '${record.path}' can't be stored: ${reason}` })
      return forever()
    } finally {
      open?.()
      // What follows from the answer has begun by then, so that the stay can't turn in between (E4).
      this.seams.clock.soon(() => {
        this.#appending--
        this.#check()
      })
    }
  }

  /** One attempt of a body, through the middleware, inside its frame. */
  async attempt(
    path: StepPath,
    attempt: number,
    call: (context: StepContext) => unknown,
    options: {
      readonly timeoutMs: number | undefined
      readonly once: boolean
      readonly correctCost?: StepContext['correctCost']
    },
  ): Promise<BodyEnd> {
    if (!(options.once && this.#isOwed)) await this.#mayBegin()
    const body = new Body(this.run.id, path, attempt, this.seams, options)
    this.#bodies.add(body)
    this.#check()
    const hooks = hooksOf(this.seams.middleware, 'step')
    const context = { run: this.info, path, attempt }
    const end = await body.carryOut(
      () =>
        frames.run({ kind: 'body', owner: this, path }, () =>
          hooks.length === 0 ? invoke(call, body) : through(hooks, context, () => invoke(call, body)),
        ),
      options.timeoutMs,
    )
    // R3: the next attempt of a step waits for the previous body.
    if (end.kind === 'timed out' && !(await body.endInGrace())) {
      this.seams.log.warn(
        { step: path },
        'a step goes on after its timeout and does not listen to its signal',
      )
    }
    this.#bodies.delete(body)
    if (end.kind === 'abandoned') {
      this.#held++
      this.#check()
      return forever()
    }
    return end
  }

  /** Waits here; when nothing else happens for a while, the run suspends and this never settles. */
  async wait(
    path: StepPath,
    kind: Wait['kind'],
    ms: number,
    position: number | undefined,
    fingerprint?: string,
  ): Promise<void> {
    const { clock } = this.seams
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel()
        this.#timers.delete(cancel)
        resolve()
      }
      const cancel = clock.after(ms, end)
      this.#timers.add(cancel)
      const endsAt = clock.elapsed() + ms
      const again = kind === 'limit' ? { again: end } : {}
      this.#waits.set(path, { kind, position, fingerprint, endsAt, ...again })
      this.#check()
    })
    this.#waits.delete(path)
    await this.#mayBegin()
    this.#check()
  }

  /** A limit may be open: steps that wait for one ask again. */
  limitsOpened(): void {
    for (const { again } of this.#waits.values()) again?.()
  }

  /** A limiter that can't be meant parks the run until other code comes: nothing of it has failed. */
  async defineLimiters(limiters: readonly Limiter[]): Promise<void> {
    try {
      await this.#counted(() => this.seams.defineLimiters(limiters))
    } catch (error) {
      this.stop({ kind: 'blocked', reason: messageOf(error) })
      return forever()
    }
  }

  /**
   * Before the intent of an at-most-once body: without the protection it needs the run is handed over. Resolves to what
   * ends the protection.
   */
  async coverOnce(): Promise<() => void> {
    const uncover = await this.#counted(() => this.seams.coverOnce())
    if (uncover === undefined) {
      this.stop({ kind: 'unprotected' })
      return this.#notMine()
    }
    await this.#mayBegin()
    return uncover
  }

  /** Asks for the limits of one attempt; the turn names this use of them. */
  async acquire(
    path: StepPath,
    attempt: number,
    uses: readonly LimitUse[],
  ): Promise<{ readonly turn: number; readonly answer: Exclude<AcquireAnswer, { kind: 'gone' }> }> {
    await this.#mayBegin()
    const turn = ++this.#limitTurns
    const answer = await this.#counted(() =>
      this.seams.acquire({ ...this.#turnOf(path, turn), attempt, uses }),
    )
    if (answer.kind !== 'gone') return { turn, answer }
    return this.#notMine()
  }

  async closeKeys(path: StepPath, turn: number, closedMs: number): Promise<void> {
    const answer = await this.#counted(() => this.seams.closeKeys({ ...this.#turnOf(path, turn), closedMs }))
    if (answer === 'gone') return this.#notMine()
  }

  async correctCost(
    path: StepPath,
    turn: number,
    change: { readonly limiter: string; readonly cost: number },
  ): Promise<void> {
    const correction = ++this.#corrections
    await this.seams.correctCost({ ...this.#turnOf(path, turn), ...change, correction })
  }

  /** The group of a failed attempt: of a step, or of code between steps. */
  markOf(error: StoredError, step?: StepPath): FailureMark {
    const place = { job: this.run.job, version: this.seams.version }
    return failureMark(error, step === undefined ? place : { ...place, step })
  }

  /** Waits in the line of a limit; a hint ends it early, and a long wait may suspend the run. */
  waitInLine(path: StepPath, ms: number): Promise<void> {
    return this.wait(path, 'limit', ms, undefined)
  }

  #turnOf(path: StepPath, turn: number): StepTurn {
    return { run: this.run.id, fence: this.run.fence, path, turn }
  }

  /** The store says that the run is no longer held here, or that it is to stop. */
  #notMine(): Promise<never> {
    this.#held++
    this.#check()
    return forever()
  }

  /** A call of the store under way keeps the stay from turning (E4). */
  async #counted<T>(call: () => Promise<T>): Promise<T> {
    this.#appending++
    try {
      return await call()
    } finally {
      this.#appending--
      this.seams.clock.soon(() => this.#check())
    }
  }

  /** E3: whether a body begins although a hand-over was asked for, once its intent is stored. */
  get #isOwed(): boolean {
    return this.#stop !== undefined && isHandOver(this.#stop) && !this.#ended && !this.#closed
  }

  /** E3. */
  async #mayBegin(): Promise<void> {
    while (this.#gate !== undefined) await this.#gate
    if (this.#stop === undefined && !this.#ended && !this.#closed) return
    this.#held++
    this.#check()
    return forever()
  }

  #isFull(record: JournalRecord): boolean {
    this.#bytes +=
      record.path.length + entryOverheadBytes + (record.phase === 'done' ? record.value.length : 0)
    const full =
      this.#entries >= journalLimits.entries
        ? `${journalLimits.entries} entries`
        : this.#bytes > journalLimits.bytes
          ? `${journalLimits.bytes} bytes`
          : undefined
    if (full === undefined || record.path === onFailedPath) return false
    this.stop({ kind: 'journal full', error: new JournalFullError(full) })
    return true
  }

  /** Decides whether the stay has come to a turn of its own. */
  #check(): void {
    this.#quiet?.()
    this.#quiet = undefined
    if (this.#closed || this.#ended) return
    const busy = this.#bodies.size > 0 || this.#appending > 0
    if (this.#stop !== undefined) {
      if (busy) return
      if (isHandOver(this.#stop)) this.#edge(this.#stop)
      else this.#turn({ kind: 'stopped', stop: this.#stop })
      return
    }
    if (!busy && this.#waits.size > 0 && !this.#line.busy) this.#watchQuiet()
  }

  /** A run is handed over at a step edge: a step is held or waits. Code between steps may still come to one. */
  #edge(stop: Stop): void {
    if (this.#held > 0 || this.#waits.size > 0) this.#turn({ kind: 'stopped', stop })
  }

  #watchQuiet(): void {
    const waits = [...this.#waits]
    if (waits.some(([, wait]) => wait.kind !== 'limit' && wait.position === undefined)) return
    this.seams.onIdle()
    this.#quiet = this.seams.clock.after(suspendAfterMs, () => {
      const soonest = waits.toSorted(([, a], [, b]) => a.endsAt - b.endsAt).slice(0, mostWaitsNamed)
      const named = soonest.map(([path, { kind, position = 0, fingerprint }]) =>
        kind === 'limit'
          ? { kind, path }
          : { kind, path, position, ...(fingerprint === undefined ? {} : { fingerprint }) },
      )
      this.#turn({ kind: 'suspendable', waits: named })
    })
  }

  #giveUpBodies(): void {
    if (this.#closed || this.#stop === undefined || this.#bodies.size === 0) return
    this.seams.log.warn({ steps: this.openBodies }, 'steps go on after their run was stopped')
    this.#turn({ kind: 'stopped', stop: this.#stop })
  }

  #turn(turn: Turn): void {
    const last = this.#turns.at(-1)
    if (turn.kind === 'stopped' && last?.kind === 'stopped' && last.stop === turn.stop) return
    this.#turns.push(turn)
    this.#wakeTurn?.()
  }
}

/** Stops at which a run is handed over at its next step edge; at-most-once bodies go on (R12). */
function isHandOver({ kind }: Stop): boolean {
  return kind === 'draining' || kind === 'unprotected'
}

const abortReasons = {
  draining: 'draining',
  unprotected: 'protection lost',
  cancelled: 'cancelled',
  'timed out': 'timeout',
  lost: 'lease lost',
  blocked: 'run ended',
  'journal full': 'run ended',
} as const satisfies Record<Stop['kind'], AbortReason>

/** A promise of its own that never settles: a shared one would keep every waiter in memory. */
function forever(): Promise<never> {
  return new Promise(() => undefined)
}

async function invoke(call: (context: StepContext) => unknown, body: Body): Promise<unknown> {
  return call(body)
}

function stepError(end: Extract<StepEnd, { phase: 'failed' }>): Error {
  const cause = fromStoredError(end.error)
  return StepUnknownError.is(cause) ? cause : new StepFailedError(end.path, end.attempt, cause)
}
