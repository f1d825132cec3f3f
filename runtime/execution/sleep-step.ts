import { type Duration, parseDuration } from '../model/duration.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { StepPath } from '../model/step-path.ts'
import { deadlineStep } from './deadline-step.ts'
import type { StoredStep } from './journal-index.ts'
import type { StepEnd, StepScheduler } from './step-scheduler.ts'

/** Returns the ms of a sleep. An instant becomes a duration here, once; from then on the store's clock counts. */
export function sleepMs(name: string, time: Duration | Date, now: number): number {
  if (!(time instanceof Date)) return parseDuration(time, `step.sleep '${name}'`)
  const at = time.getTime()
  if (Number.isNaN(at)) throw new InvalidOptionsError(`step.sleep '${name}': an invalid Date`)
  return Math.max(0, at - now)
}

export function sleepStep(
  scheduler: StepScheduler,
  path: StepPath,
  stored: StoredStep | undefined,
  ms: number,
): Promise<StepEnd> {
  return deadlineStep(scheduler, path, stored, { step: 'sleep', wait: 'time', ms })
}
