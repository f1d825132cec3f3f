import type { Job } from '../model/job.ts'
import type { WorkerDefinition } from '../store/definitions.ts'
import { scheduleSpec } from '../store/schedule-spec.ts'
import { encodeSpec } from '../store/schedules.ts'

/** Digest of the declaration that a job has no schedule. */
const noSchedule = 'none'

/**
 * Returns the definitions that a worker's code declares besides its jobs: for each job its schedule, or that it has
 * none.
 * @throws InvalidInputError for an input that the job's own schema refuses, SerializationError
 */
export function declaredDefinitions(jobs: Iterable<Job>, maxValueBytes: number): Promise<WorkerDefinition[]> {
  return Promise.all(
    Array.from(jobs, async (job): Promise<WorkerDefinition> => {
      const { name, schedule } = job
      if (schedule === undefined) {
        return { kind: 'schedule', name, digest: noSchedule, definition: new Uint8Array() }
      }
      const { digest, bytes } = encodeSpec(name, await scheduleSpec(name, job, schedule, maxValueBytes))
      return { kind: 'schedule', name, digest, definition: bytes }
    }),
  )
}
