import type { RunWrite } from '../model/expected-run.ts'
import type { ExpectedPause, ExpectingWrite } from '../model/expecting-write.ts'
import type { RetryPlan } from '../model/job.ts'
import type { JournalEntry, JournalOutline, JournalRecord } from '../model/journal.ts'
import type { OperatorWrite } from '../model/operator-write.ts'
import type { Outcome } from '../model/outcome.ts'
import type { LossCause, LossCounts } from '../model/poison.ts'
import type { Run, RunState, RunTransition } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import type { StepPath } from '../model/step-path.ts'
import type { ActionInspector, ActionStore } from './actions.ts'
import type { DefinitionInspector, WorkerDefinition } from './definitions.ts'
import type { DurationHistogram } from './duration-histogram.ts'
import type { EventPage, EventQuery } from './events.ts'
import type { ExecutionInfo } from './executions.ts'
import type { FailureInspector } from './failures.ts'
import type { HeldKeyPage, HeldKeyQuery } from './held-keys.ts'
import type { LimiterInfo, LimiterKeyInfo, LimiterStore, LinePlace, WorkerLimiter } from './limiters.ts'
import type { LostWorkerInspector, LostWorkerStore } from './lost-workers.ts'
import type { MuteInspector, MuteStore } from './mutes.ts'
import type { NewRun } from './new-run.ts'
import type { OpenSteps } from './open-steps.ts'
import type { OverviewInspector } from './overview.ts'
import type { QueueInfo } from './queue-info.ts'
import type { ReadyClass } from './ready-classes.ts'
import type { RecountReport } from './recount.ts'
import type { RunCount, RunPage, RunQuery } from './run-filter.ts'
import type { ScheduleInspector, ScheduleStore } from './schedules.ts'
import type { LeaderInfo, TermStore } from './terms.ts'
import type { WaitGraph, WaitGraphFrom } from './wait-graph.ts'
import type { LimitHolderPage, LimitKeyQuery, LimitWaiterPage } from './waitlist.ts'
import type { DrainStatus } from './worker-drain.ts'
import type { QueueOrder, WorkerInfo, WorkerJob } from './worker-info.ts'
import type { WorkerReport } from './worker-report.ts'

export type { QueueInfo, QueueOrder, WorkerInfo, WorkerJob }

/*
 * THE CONTRACT of a store. One operation is one transaction (or one script).
 * S1  Operations are transitions by the table in model/run.ts, never patches.
 * S2  Every write of a held run carries lease and fence, which the store compares inside the write.
 * S3  Every operation may be repeated after a lost reply: the second call changes nothing and returns the same.
 * S4  Time is the store's own. Durations go in, remaining ms come out; no caller compares a store time with another
 * clock.
 * S5  Bad input is refused before the first write.
 * Expected results are tagged values; exceptions are for a store that can't be reached (StoreUnavailableError) and for
 * invalid calls (UnknownRunError, RunStateError, InvalidOptionsError).
 */
export interface Store
  extends RunStore,
    WorkerStore,
    LostWorkerStore,
    QueueStore,
    ActionStore,
    LimiterStore,
    TermStore,
    ScheduleStore,
    MuteStore,
    Inspector {
  /**
   * Prunes by retention and repairs G6 (every live run in exactly one place) and G7 (no key outlives its hold), at
   * most `limit` of each.
   */
  sweep(limit: number): Promise<SweepReport>
  /**
   * Recounts the runs, about `limit` of them per call (left out: as many as take a few milliseconds), and corrects the
   * counters of `counts` in the last call; starts a recount when none is running. Concurrent callers share one recount.
   */
  recount(limit?: number): Promise<RecountReport>
  /** Waits for pending calls, then closes files, sockets and timers. Calling it twice is harmless. */
  close(): Promise<void>
}

interface RunStore {
  /**
   * Inserts runs, one after the other; a known id resolves to `joined`, or `rejected` when its job or input differ.
   * Then a held unique key decides: see `EnqueueReply`. A result other than `created` is kept for a late repeat.
   * Concurrent calls may share a transaction or script, and get the same results as alone: see `EnqueueOutbox`.
   */
  enqueue(runs: readonly NewRun[]): Promise<readonly EnqueueReply[]>
  /**
   * Settles ended runs, then claims up to `request.max` runs for this lease, best first: promotes due runs, reclaims
   * runs of ended leases, and merges the heads of the classes (queue, job, version, protect) that the worker
   * registered. `n` numbers the worker's claims, so that queues take turns; the same `n` again returns the same runs, a
   * smaller one none.
   */
  claim(lease: LeaseId, n: number, request: ClaimRequest, settle: readonly Settlement[]): Promise<ClaimReply>
  /** Appends journal records and settles runs, many in one round trip; each entry is fenced and gets its own result. */
  commit(lease: LeaseId, entries: readonly (Checkpoint | Settlement)[]): Promise<CommitReply>
  /**
   * Returns the journal after position `from`, at most about 1 MiB a page. `gone` when the fence is no longer current.
   */
  readJournal(lease: LeaseId, run: RunId, fence: number, from: number): Promise<JournalPage | 'gone'>
  /**
   * Compares the runs that worker and store hold: returns runs that the worker must drop, and makes runs ready that it
   * never knew of.
   */
  reconcile(lease: LeaseId, held: readonly Held[]): Promise<{ readonly drop: readonly RunId[] } | 'lost'>
  /**
   * Cancels at once if no worker holds the run; orders the holder otherwise. An ended run stays unchanged.
   * @throws RunStateError when the run isn't in the expected state; so do `retry` and `remove`.
   */
  cancel(run: RunId, write: RunWrite): Promise<{ readonly state: RunState }>
  /**
   * Makes a run that ended without completing, or is blocked, ready, with its journal kept, less the entry whose error
   * escaped, or less `from` and all stored after it. At-most-once entries are dropped only if named in `runAgain`. The
   * run takes its unique key again.
   * @throws RunStateError when it has not ended, has completed, or an at-most-once entry would be dropped.
   * @throws DuplicateRunError when another run holds its unique key.
   */
  retry(run: RunId, choice: RetryChoice, write: RunWrite): Promise<RetryPlan>
  /** Returns what `retry` would drop and keep; changes nothing. */
  planRetry(run: RunId, choice: RetryChoice): Promise<RetryPlan>
  /** Deletes an ended run and its journal. @throws RunStateError while it has not ended. */
  remove(run: RunId, write: RunWrite): Promise<void>
}

interface WorkerStore {
  /** Creates the lease. No other operation does; a repeat with the same lease id returns the same. */
  register(worker: NewWorker): Promise<void>
  /** Extends the lease and stores the worker's status. Resolves to its orders, or that it is lost. */
  renew(lease: LeaseId, status: WorkerStatus): Promise<RenewReply>
  /**
   * Ends the lease and makes all its runs ready at once, except those in `keep`: they stay held until the process dies.
   */
  resign(lease: LeaseId, keep: readonly RunId[]): Promise<void>
  /**
   * Reports that the process of a lost lease lives. `cut`: its peers had declared it dead because its connections were
   * gone. The losses of its runs are then taken back from their streaks, each once, unless the run has stored an entry
   * or was lost again since. `not cut`: the lease lives, has expired or was resigned. Known for 10 minutes.
   */
  reportCut(lease: LeaseId): Promise<'cut' | 'not cut'>
  /** Orders a worker to drain; the order stays until it resigns. @throws RunStateError when no such worker lives. */
  drainWorker(worker: string, write: OperatorWrite): Promise<void>
  /**
   * Calls `listener` when this worker should claim or renew now. A hint: polling is the truth. `reconnected`: the store
   * was unreachable, so the held runs should be compared (R14).
   */
  onWakeup(lease: LeaseId, listener: (why: 'look' | 'reconnected') => void): Unsubscribe
}

interface QueueStore {
  /** Takes effect at the next claim; held runs continue. @throws StaleWriteError; so does `resumeQueue` */
  pauseQueue(queue: string, write: ExpectingWrite<ExpectedPause>): Promise<void>
  resumeQueue(queue: string, write: ExpectingWrite<ExpectedPause>): Promise<void>
}

/** Reads: snapshots, never used to decide a write. */
export interface Inspector
  extends DefinitionInspector,
    ScheduleInspector,
    ActionInspector,
    OverviewInspector,
    MuteInspector,
    LostWorkerInspector,
    FailureInspector {
  /** The store's address, without secrets. */
  readonly address: string
  run(id: RunId): Promise<RunDetails | undefined>
  /** Returns the run that holds a unique key of a job; the run of a window may have ended. */
  holder(job: string, key: string): Promise<RunId | undefined>
  /** Returns the held unique keys, and their runs. @throws InvalidOptionsError for an invalid cursor. */
  heldKeys(query: HeldKeyQuery): Promise<HeldKeyPage>
  /** Returns the run that held the unique key when the enqueue of this id created none; known for 10 minutes. */
  duplicateOf(id: RunId): Promise<RunId | undefined>
  /** Returns the runs that have ended or don't exist; at most 1,000 at once. */
  ended(ids: readonly RunId[]): Promise<readonly RunId[]>
  /** Returns the entries after a position, in order; a page of fewer than `limit` is the last one. */
  journal(id: RunId, page: JournalQuery): Promise<readonly JournalEntry[]>
  /** The same without the stored values of steps: cheap, however large those are. */
  journalOutline(id: RunId, page: Omit<JournalQuery, 'path'>): Promise<readonly JournalOutline[]>
  /** Returns the events of the run besides its steps, oldest first: losses, hand-overs, manual actions. */
  history(id: RunId): Promise<readonly HistoryEntry[]>
  /** Returns the executions of a run, oldest first; of many the first and the last ones. See executions.ts. */
  executions(id: RunId): Promise<readonly ExecutionInfo[]>
  /** Returns runs by filter, a page at a time. @throws InvalidOptionsError for an invalid filter, order or cursor. */
  runs(query: RunQuery): Promise<RunPage>
  /**
   * Returns the number of runs of each state of a job in a queue, ended runs too. While a store of an earlier version
   * counts its runs for the first time, these are the runs counted so far.
   */
  counts(): Promise<readonly RunCount[]>
  /** Returns whether all runs were counted once: before that, `counts` is incomplete. Stays true. */
  isCounted(): Promise<boolean>
  queues(): Promise<readonly QueueInfo[]>
  /** Returns classes of ready runs; at most 1,000. */
  readyClasses(): Promise<readonly ReadyClass[]>
  workers(): Promise<readonly WorkerInfo[]>
  limiters(): Promise<readonly LimiterInfo[]>
  /** Returns the keys of a limiter with usage, those with the longest waitlists first; at most `limit`. */
  limiterKeys(limiter: string, limit: number): Promise<readonly LimiterKeyInfo[]>
  /**
   * Returns the runs and steps that hold slots of one key. @throws InvalidOptionsError for an invalid limit or cursor.
   */
  limitHolders(query: LimitKeyQuery): Promise<LimitHolderPage>
  /** Returns the runs and steps that wait for one key, in order. @throws InvalidOptionsError as `limitHolders`. */
  waitlist(query: LimitKeyQuery): Promise<LimitWaiterPage>
  /** Returns the run's position on the waitlist of each of its limits. */
  linePlaces(run: RunId): Promise<readonly LinePlace[]>
  /**
   * Returns which runs wait for which, as one snapshot of bounded size; `findDeadlocks` finds those that wait for each
   * other.
   */
  waitGraph(from: WaitGraphFrom): Promise<WaitGraph>
  /** Returns every role that ever had a leader, by name. */
  leaders(): Promise<readonly LeaderInfo[]>
  /**
   * Returns the events after a cursor, oldest first; without one the newest events. The oldest are dropped over time,
   * and a reader that missed some is told so: see events.ts.
   */
  events(query: EventQuery): Promise<EventPage>
  /**
   * Returns the counts of the last `minutes` minutes (including the current one), by minute, queue and job, oldest
   * first.
   */
  throughput(minutes: number): Promise<readonly ThroughputCell[]>
  /** Runs the checks of `doctor`, each by the store that knows its facts. `quick` leaves out slow ones. */
  checks(scope?: 'all' | 'quick'): Promise<readonly StoreCheck[]>
  /** Calls `listener` when something may have changed. A hint. */
  onChange(listener: () => void): Unsubscribe
}

/** A worker with a free slot polls at least this often, even without hints. */
export const maxPollMs = 2_000

/** A larger commit is refused: it would block the store for too long (R24). */
export const commitLimits = { entries: 200, bytes: 4_194_304 } as const

export type Unsubscribe = () => void

/** Names one registration of a worker; random, never used twice. */
export type LeaseId = string

/**
 * - `joined`: no run was created; `id` names the one that has this id, or holds the key
 * - `rejected` as a duplicate: `holder` holds the key
 * - `replaced`: created; `replaced` held the key, had not started and was cancelled
 */
export type EnqueueReply =
  | { readonly outcome: 'created'; readonly id: RunId }
  | { readonly outcome: 'joined'; readonly id: RunId }
  | { readonly outcome: 'replaced'; readonly id: RunId; readonly replaced: RunId }
  | { readonly outcome: 'rejected'; readonly id: RunId; readonly reason: 'id conflict' }
  | {
      readonly outcome: 'rejected'
      readonly id: RunId
      readonly reason: 'duplicate'
      readonly holder: RunId
    }

export interface ClaimRequest {
  /** Free slots; 0 only settles. */
  readonly max: number
  /** Whether the worker may take runs that need scale-in protection now. */
  readonly protected: boolean
  /** Whether it asks for protection if such runs exist: then it is woken for them, after workers that may take them. */
  readonly mayAsk: boolean
}

/** An entry of a journal: accepted only as the next position of its run. */
export interface Checkpoint {
  readonly kind: 'checkpoint'
  readonly run: RunId
  readonly fence: number
  readonly position: number
  readonly record: JournalRecord
  /** The attempt that it ends used limits: their slots are freed with it. */
  readonly limited?: true
}

/** The end of an execution. `position` is the last one that the worker knows to be stored. */
export interface Settlement {
  readonly kind: 'settle'
  readonly run: RunId
  readonly fence: number
  readonly position: number
  readonly outcome: Outcome
  /** See `orphans` of a run. Left out: none, even if the previous execution found some. */
  readonly orphans?: readonly number[]
}

/**
 * - `stored` / `settled`: done, now or by an earlier call of the same request
 * - `early`: the deadline that a `done` sleep claims has not passed
 * - `continue`: a suspended run has nothing to wait for any more; the worker continues it
 * - `gap`: the store lost entries; the worker gives the slot up, and the run resumes from the stored entries
 * - `gone`: another lease or fence owns the run; the worker writes nothing more
 */
export type EntryReply =
  | { readonly kind: 'stored' }
  | { readonly kind: 'settled'; readonly state: RunState }
  | { readonly kind: 'early'; readonly remainingMs: number }
  | { readonly kind: 'continue' }
  | { readonly kind: 'gap' }
  | { readonly kind: 'gone' }

export interface CommitReply {
  readonly answers: readonly EntryReply[]
  readonly orders: Orders
}

export type ClaimReply =
  | {
      readonly kind: 'claimed'
      readonly runs: readonly ClaimedRun[]
      readonly settled: readonly EntryReply[]
      /** Whether more could be claimed at once. */
      readonly more: boolean
      /**
       * How many ready runs were left because the claim is not `protected`: those of the worker's jobs in open queues
       * that it serves, at most 100. `more` and `nextDueInMs` don't include them. 0 for a claim without free slots.
       */
      readonly protectedLeft: number
      /**
       * Whether the worker should ask for protection for these runs now; never without `mayAsk`. Within `askPauseMs`
       * about as many workers are told so as there are runs, for any number that poll or are woken.
       */
      readonly ask: boolean
      /** Ms until the next run of this worker's jobs becomes due, if any is known. */
      readonly nextDueInMs?: number
      readonly orders: Orders
    }
  | { readonly kind: 'lost' }

export interface ClaimedRun {
  readonly id: RunId
  readonly job: string
  readonly version: number
  readonly queue: string
  readonly fence: number
  readonly attempt: number
  readonly losses: number
  /** It was claimed for a worker with scale-in protection. */
  readonly protect?: true
  readonly enqueuedAt: number
  readonly schedule?: string
  readonly scheduledFor?: number
  readonly tags: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly input: Uint8Array
  /** Last stored position and bytes of its journal, and the first page of it. */
  readonly position: number
  readonly journalBytes: number
  readonly journal: JournalPage
  /** Ms left of the job's timeout. */
  readonly deadlineInMs?: number
  /** Set when the run may not continue: only `onFailed` is left to run, then it fails for this reason. */
  readonly failsAs?: 'poisoned' | 'timed out'
  /** How its workers were lost, if it fails as poisoned. */
  readonly lossesSeen?: LossCounts
}

export interface JournalPage {
  readonly entries: readonly JournalEntry[]
  readonly more: boolean
}

export interface JournalQuery {
  /** A position; 0: from the first entry. */
  readonly after: number
  readonly limit: number
  /** Only entries of this step. Left out: all entries. */
  readonly path?: StepPath
}

export interface Held {
  readonly run: RunId
  readonly fence: number
}

/** The store's orders to a worker: the whole state, repeated until acted on. */
export interface Orders {
  readonly drain: boolean
  readonly cancel: readonly RunId[]
  /** Runs with a step that waits in its slot for a limit and should ask again. */
  readonly granted: readonly RunId[]
}

export interface RetryChoice {
  readonly from?: StepPath
  readonly runAgain?: readonly StepPath[]
}

export interface NewWorker {
  readonly lease: LeaseId
  /** Readable name, `host:pid:random`; stays through re-registrations. */
  readonly name: string
  readonly host: string
  readonly pid: number
  readonly node: string
  readonly concurrency: number
  readonly leaseMs: number
  readonly jobs: readonly WorkerJob[]
  /** The definitions that its code declares besides its jobs. */
  readonly definitions?: readonly WorkerDefinition[]
  /** Left out: every queue that holds runs of its jobs. */
  readonly queues?: readonly string[]
  /** The limiters that its jobs' code names. */
  readonly limiters?: readonly WorkerLimiter[]
  /** `strict`: a queue only gets slots that those before it in `queues` leave. Left out: they take turns. */
  readonly queueOrder?: QueueOrder
  /** Whether a drain order of an earlier lease of this process still applies. */
  readonly draining: boolean
  /** Left out: nothing to report. */
  readonly report?: WorkerReport
}

export interface WorkerStatus {
  readonly draining: boolean
  /** Why it drains. Left out: no news; the previous report holds. */
  readonly drain?: DrainStatus
  /** Left out: no news; the previous report holds. */
  readonly openSteps?: OpenSteps
  /** Left out: no news; the previous report holds. */
  readonly report?: WorkerReport
}

export type RenewReply = { readonly kind: 'held'; readonly orders: Orders } | { readonly kind: 'lost' }

export type RunDetails = Run & { readonly input: Uint8Array }

export interface HistoryEntry {
  readonly at: number
  /**
   * `cut`: the worker of the previous loss lives, so that loss was taken back. `explained`: the cause of the end of the
   * lost worker's task became known.
   */
  readonly kind:
    | 'lost'
    | 'cut'
    | 'explained'
    | 'released'
    | 'cancel'
    | 'retry'
    | 'blocked'
    | 'unblocked'
    | 'poisoned'
    | 'repaired'
  /** Of a loss: how it was detected. Of an explained one that was taken back: the same. */
  readonly cause?: LossCause
  readonly by?: string
  readonly reason?: string
  readonly worker?: string
}

/** One minute of one job in one queue. */
export interface ThroughputCell {
  /** When the minute began. */
  readonly minute: number
  readonly queue: string
  readonly job: string
  /** How often each transition happened. */
  readonly counts: Readonly<Partial<Record<RunTransition | 'enqueue', number>>>
  /** From ready to claimed. */
  readonly wait: DurationHistogram
  /** From claimed to the end of the execution, except for executions that were told to stop. */
  readonly run: DurationHistogram
  /** From enqueue, or from the retry of an ended run, to the end of the run. Empty in cells of earlier versions. */
  readonly total: DurationHistogram
}

/** How long a reply to a manual action, and the id of a removed run, are kept for a late repeat. */
export const keepRepliesMs = 600_000

/** A gap in which no process reached the store counts as an outage if it is longer than this part of a lease (R16). */
export const outageGraceShare = 0.5

/** How long cells of `throughput` are kept. */
export const throughputMinutes = 240

export interface StoreCheck {
  readonly name: string
  readonly verdict: 'fine' | 'warning' | 'fault'
  /** About the store's configuration, which stays until an operator changes it, not about an event. */
  readonly setup?: true
  readonly found: string
  /** What to change, unless fine. */
  readonly remedy?: string
}

export interface SweepReport {
  readonly pruned: number
  /** Runs that were in no place, or in one too many, and were repaired. */
  readonly repaired: readonly RunId[]
  /** Unique keys that were held by a run that is gone or had freed them; left out when there were none. */
  readonly freedKeys?: readonly FreedKey[]
  /** Set when the counters of runs are missing or contradict the runs: call `recount` until it is done. */
  readonly recountDue?: true
}

export interface FreedKey {
  readonly job: string
  readonly key: string
  readonly run: RunId
}

/** How long ended runs are kept, and how many at most. Durations in ms. */
export interface RetentionPolicy {
  readonly completedMs: number
  readonly failedMs: number
  readonly cancelledMs: number
  readonly expiredMs: number
  readonly maxEnded: number
}
