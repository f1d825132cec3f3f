import { decodeValue, encodeValue } from '../model/codec.ts'
import { writtenDigest } from '../model/digest.ts'
import type { ExpectedSchedule, ExpectingWrite } from '../model/expecting-write.ts'
import type { OperatorWrite } from '../model/operator-write.ts'
import type { RunId } from '../model/run-id.ts'
import type { OverlapPolicy, Schedule } from '../model/schedule-options.ts'
import type { NewRun } from './new-run.ts'
import { readVersion, storedVersion } from './stored-version.ts'

/**
 * The run of each tick: complete except for its id and its start, so that a leader without the job's code can create
 * it.
 */
type ScheduledRun = Omit<NewRun, 'id' | 'start' | 'schedule' | 'scheduledFor'>

/** The whole content of a schedule. Stores keep it as bytes that only leaders read. */
export interface ScheduleSpec extends Omit<Schedule, 'input'> {
  readonly run: ScheduledRun
}

/**
 * Cron (G9): every tick is fired at most once, under any leader, and is recorded in the ledger.
 * C1  `fire` is the only operation that advances a schedule from a tick to the next one. It enqueues the run, writes
 * the ledger entry and advances in one transaction, and only if the schedule is still at that tick of that revision.
 * C2  A change of pattern or zone plans anew from the store's time of the change; any other change keeps the next tick.
 * C3  A schedule in code and one created by `put` never overwrite each other. If code no longer declares a schedule, it
 * is dropped: it stays in the list, no longer fires, and comes back with the code.
 * C4  A pause is a field of its own: it survives changes until an operator resumes. It is remembered until the schedule
 * has advanced beyond it, so that none of its ticks is fired, even if a leader comes later.
 * C5  Ticks follow the wall clock, not the store's time. When the wall is set back, schedules whose next tick or first
 * plan is in the future are planned again from the new wall time; a tick that has fired does not fire again.
 */
export interface ScheduleStore {
  /** Creates or changes a schedule; a repeat changes nothing. @throws ScheduleStateError when code declares it. */
  putSchedule(name: string, spec: ScheduleSpec, write: OperatorWrite): Promise<void>
  /** Deletes it with its ledger. @throws UnknownScheduleError, ScheduleStateError while the code of a live worker declares it. */
  removeSchedule(name: string, write: OperatorWrite): Promise<void>
  /** Records the following ticks as paused. @throws UnknownScheduleError, StaleWriteError; so does `resumeSchedule` */
  pauseSchedule(name: string, write: ExpectingWrite<ExpectedSchedule>): Promise<void>
  resumeSchedule(name: string, write: ExpectingWrite<ExpectedSchedule>): Promise<void>
  /** Runs it once, in addition to its ticks; `moved` when it has another revision. @throws UnknownScheduleError */
  triggerSchedule(name: string, revision: number, run: NewRun, write: OperatorWrite): Promise<TriggerReply>
  /** Returns what the leader has to plan or to fire now, at most `limit` schedules. */
  dueSchedules(limit: number): Promise<DueSchedules>
  /** C1. */
  fire(fire: Fire): Promise<FireReply>
  /** Calls `listener` when something may be due sooner than the last read said. A hint: polling is the truth. */
  onScheduleChange(listener: () => void): () => void
}

export interface ScheduleInspector {
  schedules(): Promise<readonly ScheduleInfo[]>
  /** Returns the last entries of a schedule's ledger, newest first; `before` pages on from an entry's `n`. */
  ledger(
    schedule: string,
    page: { readonly before?: number; readonly limit: number },
  ): Promise<readonly LedgerLine[]>
}

export type TriggerReply =
  | { readonly kind: 'triggered'; readonly run: RunId }
  | { readonly kind: 'moved' }
  /** The run with its unique key has not ended. */
  | { readonly kind: 'duplicate'; readonly run: RunId }

export interface DueSchedules {
  /** The store's time, which decides what is due. */
  readonly now: number
  readonly schedules: readonly DueSchedule[]
  /** Ms until the next tick, if known. */
  readonly nextDueInMs?: number
}

/** From `from` on, before `until`. */
export interface Pause {
  readonly from: number
  readonly until: number
}

/** A schedule as the leader plans from it. Times are ms since 1970 by the store's clock. */
export interface DueSchedule {
  readonly name: string
  readonly revision: number
  readonly spec: ScheduleSpec
  /** Ticks after this count, as long as none is planned. */
  readonly since: number
  readonly nextTick?: number
  readonly paused: boolean
  /** Pauses that are over, oldest first, until the schedule has advanced beyond them: their ticks are not missed. */
  readonly pauses: readonly Pause[]
  /** A tick that waited for the previous run and can run now. */
  readonly queuedTick?: number
}

/** A tick and when it is due: jitter may delay it. */
export interface PlannedTick {
  readonly tick: number
  readonly dueAt: number
}

export interface Fire {
  readonly schedule: string
  readonly revision: number
  /** Term of the role `leader`. */
  readonly fence: number
  readonly move: FireMove
}

/**
 * - `plan`: nothing was planned yet; the first tick is `next`
 * - `run`: the next tick becomes a run, or a ledger entry that says why not
 * - `skip`: `count` ticks from the next one up to `until` become one entry
 * - `queued run`: a tick that waited becomes a run
 * `next` is the following tick; left out if there is none.
 */
export type FireMove =
  | { readonly kind: 'plan'; readonly next?: PlannedTick }
  | {
      readonly kind: 'run'
      readonly tick: number
      readonly dueAt: number
      readonly caughtUp: boolean
      readonly overlap: OverlapPolicy
      readonly cap: number
      readonly run: NewRun
      readonly next?: PlannedTick
    }
  | {
      readonly kind: 'skip'
      readonly tick: number
      readonly until: number
      readonly count: number
      readonly why: 'missed' | 'paused'
      readonly next?: PlannedTick
    }
  | { readonly kind: 'queued run'; readonly tick: number; readonly run: NewRun }

/**
 * - `early`: the tick is not due yet by the store's time
 * - `moved`: the schedule is at another tick, was changed, or is gone; read again
 * - `waits`: the run before a queued one has not ended, or the schedule is paused
 * - `not leading`: the term has ended
 */
export type FireReply =
  | { readonly kind: 'done'; readonly outcome: LedgerOutcome | 'planned'; readonly run?: RunId }
  | { readonly kind: 'early'; readonly remainingMs: number }
  | { readonly kind: 'moved' | 'waits' | 'not leading' }

/** The outcome of a tick, or a manual action on the schedule. */
export type LedgerOutcome =
  | 'fired'
  | 'late'
  | 'caught up'
  | 'queued'
  | 'skipped'
  | 'triggered'
  | 'paused'
  | 'resumed'
  | 'declared'
  | 'changed'
  | 'dropped'

export interface LedgerLine {
  /** Its number in the ledger of the schedule, from 1. */
  readonly n: number
  readonly at: number
  readonly outcome: LedgerOutcome
  readonly tick?: number
  /** Last tick of a stretch that was skipped as one, and how many it has. */
  readonly until?: number
  readonly count?: number
  /** How long after it was due the tick fired, from 1 s on. */
  readonly lateMs?: number
  readonly run?: RunId
  readonly why?: SkipReason
  /** The run that prevented the tick. */
  readonly other?: RunId
  readonly by?: string
  readonly reason?: string
  /** The worker whose code changed or dropped it. */
  readonly worker?: string
}

type SkipReason = 'missed' | 'paused' | 'overlap' | 'duplicate' | 'queue full'

export interface ScheduleInfo {
  readonly name: string
  /** Declared in the code of its job, or created by `schedules.put`. */
  readonly origin: 'code' | 'hand'
  /** Counts its changes, except pauses. */
  readonly revision: number
  readonly spec: ScheduleSpec
  readonly since: number
  /** Left out until a leader planned it, and when it never fires again. */
  readonly nextTick?: number
  /**
   * By how much its next tick is overdue, or its first plan; 0 while it is paused or dropped. More than a little means
   * that no worker leads, or that cron does not advance.
   */
  readonly overdueMs: number
  readonly paused?: { readonly by: string; readonly reason?: string; readonly at: number }
  readonly last?: LedgerLine
  /** Ticks that wait for the previous run. */
  readonly queued: readonly number[]
  /** The newest code of its job no longer declares it. */
  readonly dropped?: { readonly worker: string; readonly at: number }
  /** Code declares a schedule of this name too; the one created by `put` stays in force. */
  readonly conflict?: { readonly worker: string; readonly at: number }
}

/** How long an overview lists a tick that was missed or late. */
export const notableMs = 3_600_000

/**
 * Returns whether an overview lists a schedule: it is paused, overdue, or its last tick was missed or late a short
 * while ago.
 */
export function isNotable(
  { paused, overdueMs, last }: Pick<ScheduleInfo, 'paused' | 'overdueMs' | 'last'>,
  wall: number,
): boolean {
  if (paused !== undefined || overdueMs >= lateFromMs) return true
  if (last === undefined || wall - last.at > notableMs) return false
  const { outcome, why } = last
  return outcome === 'late' || outcome === 'caught up' || (outcome === 'skipped' && why === 'missed')
}

/** Entries kept of each ledger. */
export const retainedLedgerEntries = 1_000
/** A tick fired this much after it was due is `late`. */
export const lateFromMs = 1_000
/** A schedule keeps this many of its newest runs, to check whether one has not ended. */
export const knownScheduleRuns = 10
/**
 * A schedule keeps this many pauses; beyond that the two oldest become one, so that the time between them is paused
 * too.
 */
export const retainedPauses = 20
/** How often a queued tick checks whether the previous run has ended. */
export const queuedLookMs = 1_000

/**
 * A spec as workers declare it and stores keep it: the first line is what C2 compares, then the whole spec.
 * @throws SerializationError
 */
export function encodeSpec(
  name: string,
  spec: ScheduleSpec,
): { digest: string; timing: string; bytes: Uint8Array } {
  const timing = `${spec.cron} ${spec.timeZone}`
  // A view on a larger buffer is another type of value.
  const { protect, ...run } = spec.run
  // A leader of an earlier release creates the run with the version that it finds.
  const version = storedVersion({ version: run.version, protect })
  const whole = { ...spec, run: { ...run, version, input: Uint8Array.from(run.input) } }
  const body = encodeValue(whole, `schedule '${name}'`, Number.POSITIVE_INFINITY)
  return { digest: writtenDigest(whole), timing, bytes: Buffer.concat([Buffer.from(`${timing}\n`), body]) }
}

export function decodeSpec(name: string, bytes: Uint8Array): ScheduleSpec {
  const body = bytes.subarray(bytes.indexOf(0x0a) + 1)
  const spec = decodeValue(body, `schedule '${name}'`) as ScheduleSpec
  return { ...spec, run: { ...spec.run, ...readVersion(spec.run.version) } }
}

export function timingOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, bytes.indexOf(0x0a))).toString()
}
