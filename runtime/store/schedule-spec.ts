import type { Job } from '../model/job.ts'
import type { Schedule } from '../model/schedule-options.ts'
import { checkInput } from './check-input.ts'
import type { ScheduleSpec } from './schedules.ts'

/**
 * Returns the stored form of a schedule: the run is complete, with its input parsed and encoded.
 * @throws InvalidInputError, SerializationError
 */
export async function scheduleSpec(
  name: string,
  job: Job,
  { input, ...timing }: Schedule,
  maxValueBytes: number,
): Promise<ScheduleSpec> {
  // The ids of its runs are digests, which could equal the id of another job's run.
  const run = await checkInput(job, input, { maxValueBytes, named: true, schedule: name })
  return { ...timing, run: { ...run, tags: [], headers: {} } }
}
