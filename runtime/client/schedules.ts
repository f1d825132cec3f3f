import type { Clock } from '../model/clock.ts'
import { type CronFire, CronTicks } from '../model/cron.ts'
import { defined } from '../model/defined.ts'
import { DuplicateRunError, RunIdConflictError, UnknownJobError } from '../model/errors.ts'
import { type ExpectedSchedule, refuseStale } from '../model/expecting-write.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { isJob, type Job } from '../model/job.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { isName, maxNameBytes } from '../model/name.ts'
import { newRunId, type RunId } from '../model/run-id.ts'
import { UnknownScheduleError } from '../model/schedule-errors.ts'
import { parseSchedule, type ScheduleOptions, scheduleOptionNames } from '../model/schedule-options.ts'
import { scheduleSpec } from '../store/schedule-spec.ts'
import {
  type LedgerLine,
  retainedLedgerEntries,
  type ScheduleInfo,
  type ScheduleSpec,
} from '../store/schedules.ts'
import type { Store } from '../store/store.ts'
import { type ByHand, type ByHandOn, expectingWrite, operatorWrite } from './by-hand.ts'
import type { RunHandle } from './run-handle.ts'

/** A schedule and its state. Times are Dates by the store's clock. */
export interface ScheduleStatus
  extends Pick<ScheduleInfo, 'name' | 'origin' | 'revision' | 'overdueMs'>,
    Omit<ScheduleSpec, 'run'> {
  readonly job: string
  /** The next tick; left out until a leader has planned it. */
  readonly next?: Date
  readonly paused?: { readonly by: string; readonly reason?: string; readonly at: Date }
  readonly last?: LedgerEntry
  /** Ticks that wait for the previous run. */
  readonly queued: readonly Date[]
  /** The newest code of its job no longer declares it: it does not fire. */
  readonly dropped?: { readonly worker: string; readonly at: Date }
  /** Code declares a schedule of this name too; the one created by `put` stays in force. */
  readonly conflict?: { readonly worker: string; readonly at: Date }
}

/** The outcome of a tick, or a manual action on the schedule. */
export interface LedgerEntry extends Omit<LedgerLine, 'at' | 'tick' | 'until'> {
  readonly at: Date
  readonly tick?: Date
  /** Last tick of a stretch that was skipped as one; `count` says how many it has. */
  readonly until?: Date
}

const maxPreviewed = 1_000
const maxMoves = 10

/** Schedules of a store: `jobs.schedules`. Manual actions may carry `{ by, reason }`. */
export class Schedules {
  readonly #store: Store
  readonly #clock: Clock
  readonly #maxValueBytes: number
  readonly #handle: (id: RunId) => RunHandle<unknown>

  constructor(store: Store, clock: Clock, maxValueBytes: number, handle: (id: RunId) => RunHandle<unknown>) {
    this.#store = store
    this.#clock = clock
    this.#maxValueBytes = maxValueBytes
    this.#handle = handle
  }

  /**
   * Creates or changes a schedule; a repeat changes nothing, so that every start of an app may put it.
   * @throws ScheduleStateError when code declares one of this name, InvalidOptionsError, InvalidInputError
   * @example
   * await jobs.schedules.put('nightly-de', importFile, { cron: '0 3 * * *', timeZone: 'Europe/Berlin', input: { file:
   * 'de' } })
   */
  async put<Input>(
    name: string,
    job: Job<Input>,
    options: ScheduleOptions<NoInfer<Input>>,
    write: ByHand = {},
  ): Promise<void> {
    if (!isName(name))
      throw new InvalidOptionsError(`schedules.put: give it a name, ${maxNameBytes} bytes at most`)
    if (!isJob(job))
      throw new UnknownJobError('schedules.put: the second argument must be a job made by defineJob')
    const schedule = parseSchedule(options as ScheduleOptions<never>, `schedule '${name}'`)
    const spec = await scheduleSpec(name, job, schedule, this.#maxValueBytes)
    await this.#store.putSchedule(name, spec, operatorWrite(write))
  }

  /** Deletes it with its ledger. @throws UnknownScheduleError, ScheduleStateError while live code declares it. */
  remove(name: string, write: ByHand = {}): Promise<void> {
    return this.#store.removeSchedule(name, operatorWrite(write))
  }

  /**
   * Records ticks as paused from now on; none is caught up later.
   * @throws UnknownScheduleError, StaleWriteError when it is not as `expected`; so does `resume`
   */
  async pause(name: string, write: ByHandOn<ExpectedSchedule> = {}): Promise<void> {
    return this.#store.pauseSchedule(name, expectingWrite(write, ['revision', 'pausedAt']))
  }

  async resume(name: string, write: ByHandOn<ExpectedSchedule> = {}): Promise<void> {
    return this.#store.resumeSchedule(name, expectingWrite(write, ['revision', 'pausedAt']))
  }

  /**
   * Runs it now, in addition to its ticks, even while it is paused.
   * @throws UnknownScheduleError, DuplicateRunError when a run with its unique key has not ended, StaleWriteError when
   * it is not as `expected`
   */
  async trigger(
    name: string,
    write: ByHandOn<Pick<ExpectedSchedule, 'revision'>> = {},
  ): Promise<RunHandle<unknown>> {
    const { expected, ...operator } = expectingWrite(write, ['revision'])
    const id = newRunId(this.#clock.now())
    for (let attempt = 0; attempt < maxMoves; attempt++) {
      const { revision, spec } = await this.#find(name)
      const run = { ...spec.run, id, start: { kind: 'now' } as const }
      const answer = await this.#store.triggerSchedule(name, expected?.revision ?? revision, run, operator)
      refuseStale(expected === undefined || answer.kind !== 'moved', `schedule '${name}'`)
      if (answer.kind === 'triggered') return this.#handle(answer.run)
      if (answer.kind === 'duplicate') {
        const { job, unique } = spec.run
        throw unique === undefined || answer.run === id
          ? new RunIdConflictError(answer.run)
          : new DuplicateRunError(answer.run, { job, key: unique.key })
      }
    }
    throw new InvalidOptionsError(`schedules.trigger: '${name}' changes all the time; try again`)
  }

  /** Returns all schedules, by name. */
  async list(): Promise<ScheduleStatus[]> {
    return (await this.#store.schedules()).map(statusOf)
  }

  /**
   * Returns the next fires of a schedule, or of options that are not stored yet, with the effects of clock changes.
   * Starts at the time of this process: nothing is stored.
   * @throws InvalidOptionsError, UnknownScheduleError
   */
  async preview(schedule: string | { cron: string; timeZone?: string }, n = 5): Promise<CronFire[]> {
    if (!Number.isInteger(n) || n < 1 || n > maxPreviewed) {
      throw new InvalidOptionsError(
        `schedules.preview: ${n} is not a number of fires from 1 to ${maxPreviewed}`,
      )
    }
    const { cron, timeZone = 'UTC' } =
      typeof schedule === 'string' ? (await this.#find(schedule)).spec : parsePreview(schedule)
    return new CronTicks(cron, timeZone, 'schedules.preview').preview(this.#clock.now(), n)
  }

  /**
   * Returns the outcomes of the last ticks, newest first; at most the last 1,000 entries are kept. @throws
   * UnknownScheduleError
   */
  async ledger(name: string, options: { limit?: number } = {}): Promise<LedgerEntry[]> {
    checkKnownOptions(options, ['limit'], 'schedules.ledger')
    const { limit = 100 } = options
    if (!Number.isInteger(limit) || limit < 1 || limit > retainedLedgerEntries) {
      throw new InvalidOptionsError(
        `schedules.ledger: ${limit} is not a number of lines from 1 to ${retainedLedgerEntries}`,
      )
    }
    await this.#find(name)
    return (await this.#store.ledger(name, { limit })).map(entryOf)
  }

  async #find(name: string): Promise<ScheduleInfo> {
    const found = (await this.#store.schedules()).find((one) => one.name === name)
    if (found === undefined) throw new UnknownScheduleError(name)
    return found
  }
}

function parsePreview(options: { cron: string; timeZone?: string }): { cron: string; timeZone?: string } {
  checkKnownOptions(options, scheduleOptionNames, 'schedules.preview')
  return options
}

function statusOf({ name, origin, spec, ...info }: ScheduleInfo): ScheduleStatus {
  const { revision, nextTick, overdueMs, paused, last, queued, dropped, conflict } = info
  const { run, ...timing } = spec
  return {
    ...{ name, job: run.job, origin, revision, overdueMs, ...timing },
    queued: queued.map((tick) => new Date(tick)),
    ...defined({ next: dateOf(nextTick), last: last && entryOf(last) }),
    ...defined({ paused: paused && dated(paused), dropped: dropped && dated(dropped) }),
    ...defined({ conflict: conflict && dated(conflict) }),
  }
}

function entryOf({ tick, until, ...line }: LedgerLine): LedgerEntry {
  return { ...dated(line), ...defined({ tick: dateOf(tick), until: dateOf(until) }) }
}

function dateOf(at: number | undefined): Date | undefined {
  return at === undefined ? undefined : new Date(at)
}

function dated<T extends { readonly at: number }>(value: T): Omit<T, 'at'> & { readonly at: Date } {
  return { ...value, at: new Date(value.at) }
}
