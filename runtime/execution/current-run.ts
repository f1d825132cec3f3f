import { withFields } from '../model/bound-logger.ts'
import type { FailureMark } from '../model/failure-mark.ts'
import type { Job, Logger, RunInfo } from '../model/job.ts'
import type { StepPath } from '../model/step-path.ts'
import type { StoredError } from '../model/stored-error.ts'
import type { ClaimedRun } from '../store/store.ts'
import { failureMark } from './fingerprint.ts'

/** The run of one execution, and values derived from it: created on first use, as most jobs use few of them. */
export class CurrentRun {
  readonly claimed: ClaimedRun
  readonly job: Job
  readonly #log: Logger
  #boundLog: Logger | undefined
  #info: RunInfo | undefined

  constructor(claimed: ClaimedRun, job: Job, log: Logger) {
    this.claimed = claimed
    this.job = job
    this.#log = log
  }

  /** Adds the run's id and job to every line. */
  get log(): Logger {
    this.#boundLog ??= withFields(this.#log, { run: this.claimed.id, job: this.claimed.job })
    return this.#boundLog
  }

  get info(): RunInfo {
    this.#info ??= runInfo(this.claimed)
    return this.#info
  }

  /** Returns the group of a failed attempt: of a step, or of code between steps. */
  markOf(error: StoredError, step?: StepPath): FailureMark {
    const place = { job: this.claimed.job, version: this.job.version }
    return failureMark(error, step === undefined ? place : { ...place, step })
  }
}

function runInfo(run: ClaimedRun): RunInfo {
  const { id, job, version, queue, attempt, losses, tags, headers } = run
  const scheduled = {
    ...(run.schedule === undefined ? {} : { schedule: run.schedule }),
    ...(run.scheduledFor === undefined ? {} : { scheduledFor: new Date(run.scheduledFor) }),
  }
  const enqueuedAt = new Date(run.enqueuedAt)
  const protect = run.protect === true
  return { id, job, version, queue, attempt, losses, tags, headers, enqueuedAt, protect, ...scheduled }
}
