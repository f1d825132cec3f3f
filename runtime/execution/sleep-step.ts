import { encodeValue } from '../model/codec.ts'
import { type Duration, parseDuration } from '../model/duration.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { StepPath } from '../model/step-path.ts'
import type { StoredStep } from './journal-index.ts'
import type { StepEnd, StepScheduler } from './step-scheduler.ts'

/** A longer sleep stores its deadline when it begins, so that no resume restarts it. */
const shortSleepMs = 1_000

/** Ms of a sleep. An instant becomes a duration here, once; from then on the store's clock counts. */
export function sleepMs(name: string, time: Duration | Date, now: number): number {
  if (!(time instanceof Date)) return parseDuration(time, `step.sleep '${name}'`)
  const at = time.getTime()
  if (Number.isNaN(at)) throw new InvalidOptionsError(`step.sleep '${name}': an invalid Date`)
  return Math.max(0, at - now)
}

export async function sleepStep(
  scheduler: StepScheduler,
  path: StepPath,
  stored: StoredStep | undefined,
  ms: number,
): Promise<StepEnd> {
  const begun = stored?.wait ?? (await beginWait(scheduler, path, ms))
  await scheduler.waits.wait(path, { kind: 'time', ms: begun.remainingMs, position: begun.position })
  const record = sleepEnd(path, begun.position)
  for (;;) {
    const answer = await scheduler.journal.append(record)
    if (answer.kind !== 'early') return record
    await scheduler.waits.wait(path, { kind: 'time', ms: answer.remainingMs, position: begun.position })
  }
}

async function beginWait(
  scheduler: StepScheduler,
  path: StepPath,
  ms: number,
): Promise<{ readonly remainingMs: number; readonly position?: number }> {
  if (ms <= shortSleepMs) return { remainingMs: ms }
  const record = { path, kind: 'sleep', phase: 'waiting', attempt: 1, durationMs: 0, pauseMs: ms } as const
  const { position } = await scheduler.journal.append(record)
  return { remainingMs: ms, position }
}

function sleepEnd(path: StepPath, waitedAt: number | undefined): StepEnd {
  const value = encodeValue(undefined, `end of step '${path}'`)
  const base = { path, kind: 'sleep', phase: 'done', attempt: 1, durationMs: 0, value } as const
  return waitedAt === undefined ? base : { ...base, waitedAt }
}
