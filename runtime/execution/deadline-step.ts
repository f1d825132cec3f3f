import { encodeValue } from '../model/codec.ts'
import type { WaitingStepKind } from '../model/step-kind.ts'
import type { StepPath } from '../model/step-path.ts'
import type { DeadlineKind } from '../model/wait.ts'
import type { StoredStep } from './journal-index.ts'
import type { StepEnd, StepScheduler } from './step-scheduler.ts'

/** A longer wait stores its deadline when it begins, so that no resume restarts it. */
const shortWaitMs = 1_000

/** A step that does nothing but wait for a deadline. */
export interface DeadlineStep {
  readonly step: WaitingStepKind
  readonly wait: DeadlineKind
  readonly ms: number
}

/** Waits until the deadline has passed by the store's clock. Resolves to the step's end as it was stored. */
export async function deadlineStep(
  scheduler: StepScheduler,
  path: StepPath,
  stored: StoredStep | undefined,
  { step, wait: kind, ms }: DeadlineStep,
): Promise<StepEnd> {
  const begun = stored?.wait ?? (await beginWait(scheduler, path, step, ms))
  await scheduler.waits.wait(path, { kind, ms: begun.remainingMs, position: begun.position })
  const record = waitEnd(path, step, begun.position)
  for (;;) {
    const answer = await scheduler.journal.append(record)
    if (answer.kind !== 'early') return record
    await scheduler.waits.wait(path, { kind, ms: answer.remainingMs, position: begun.position })
  }
}

async function beginWait(
  scheduler: StepScheduler,
  path: StepPath,
  kind: WaitingStepKind,
  ms: number,
): Promise<{ readonly remainingMs: number; readonly position?: number }> {
  if (ms <= shortWaitMs) return { remainingMs: ms }
  const record = { path, kind, phase: 'waiting', attempt: 1, durationMs: 0, pauseMs: ms } as const
  const { position } = await scheduler.journal.append(record)
  return { remainingMs: ms, position }
}

function waitEnd(path: StepPath, kind: WaitingStepKind, waitedAt: number | undefined): StepEnd {
  const value = encodeValue(undefined, `end of step '${path}'`)
  const base = { path, kind, phase: 'done', attempt: 1, durationMs: 0, value } as const
  return waitedAt === undefined ? base : { ...base, waitedAt }
}
