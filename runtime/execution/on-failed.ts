import { pause } from '../model/clock.ts'
import { encodeValue } from '../model/codec.ts'
import type { Job, OnFailed } from '../model/job.ts'
import { onFailedPath } from '../model/step-path.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { StepScheduler } from './step-scheduler.ts'

const attempts = 3
const pauseMs = 500

/** Calls the job's `onFailed` and stores that it was called: once per final failure, in up to three attempts. */
export async function runOnFailed(
  scheduler: StepScheduler,
  job: Job,
  failure: Parameters<OnFailed>[0],
): Promise<void> {
  const { onFailed } = job
  if (onFailed === undefined || scheduler.results.take(onFailedPath)?.end !== undefined) return
  const { clock } = scheduler.deps
  const { log } = scheduler.run
  for (let attempt = 1; ; attempt++) {
    const start = clock.elapsed()
    try {
      await scheduler.bodies.runAside(onFailedPath, () => onFailed(failure))
      const value = encodeValue(undefined, 'onFailed')
      const durationMs = clock.elapsed() - start
      await scheduler.journal.append({
        path: onFailedPath,
        kind: 'run',
        phase: 'done',
        attempt,
        durationMs,
        value,
      })
      return
    } catch (error) {
      log.error({ err: toStoredError(error), attempt }, 'onFailed threw')
      if (attempt >= attempts) return
    }
    await pause(clock, pauseMs * attempt)
  }
}
