import { brandErrors, DurableJobsError } from './durable-jobs-error.ts'

/** No schedule has this name in this store. */
export class UnknownScheduleError extends DurableJobsError {
  override readonly name = 'UnknownScheduleError'
  readonly code = 'UNKNOWN_SCHEDULE'

  constructor(schedule: string) {
    super(`there is no schedule '${schedule}'; durable-jobs schedules lists them`)
  }
}

/** The schedule is declared in code, or was created by `put`, and the other one may not change it. */
export class ScheduleStateError extends DurableJobsError {
  override readonly name = 'ScheduleStateError'
  readonly code = 'SCHEDULE_STATE'
}

brandErrors({ UnknownScheduleError, ScheduleStateError })
