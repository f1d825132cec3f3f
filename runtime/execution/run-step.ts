import { encodeValue } from '../model/codec.ts'
import { parseDuration } from '../model/duration.ts'
import { StepTimeoutError, StepUnknownError } from '../model/errors.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { type StepContext, type StepOptions, stepAgain } from '../model/job.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { parseRetry, type RetryPolicy } from '../model/retry-policy.ts'
import type { StepPath } from '../model/step-path.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { BodyEnd } from './body.ts'
import { judgeStepFailure } from './classify-failure.ts'
import type { Execution, StepEnd } from './execution.ts'
import { idempotencyKey } from './idempotency-key.ts'
import type { StoredStep } from './journal-index.ts'

type Call = (context: StepContext) => unknown

interface RunStepPlan {
  readonly policy: RetryPolicy
  readonly timeoutMs: number | undefined
  readonly once: boolean
  readonly onUnknown: ((context: { readonly idempotencyKey: string }) => unknown) | undefined
}

const knownOptions = ['retry', 'timeout', 'key', 'atMostOnce', 'onUnknown']

/** @throws InvalidOptionsError naming the wrong option of the step. */
export function planRunStep(name: string, options: StepOptions<never> = {}): RunStepPlan {
  checkKnownOptions(options, knownOptions, `step '${name}'`)
  const { retry, timeout, atMostOnce = false, onUnknown } = options
  if (atMostOnce && retry !== undefined) {
    throw new InvalidOptionsError(`step '${name}': an atMostOnce step has one attempt; leave retry out`)
  }
  if (!atMostOnce && onUnknown !== undefined) {
    throw new InvalidOptionsError(`step '${name}': onUnknown belongs to atMostOnce: true`)
  }
  return {
    policy: parseRetry(retry, `step '${name}': retry`),
    timeoutMs: timeout === undefined ? undefined : parseDuration(timeout, `step '${name}': timeout`),
    once: atMostOnce,
    onUnknown,
  }
}

/** Runs a step's body until it has an end, and stores the end. */
export function runStep(
  execution: Execution,
  path: StepPath,
  stored: StoredStep | undefined,
  call: Call,
  plan: RunStepPlan,
): Promise<StepEnd> {
  return plan.once
    ? runOnce(execution, path, stored, call, plan)
    : runRetried(execution, path, stored, call, plan)
}

async function runRetried(
  execution: Execution,
  path: StepPath,
  stored: StoredStep | undefined,
  call: Call,
  plan: RunStepPlan,
): Promise<StepEnd> {
  if (stored?.wait) await execution.wait(path, 'retry', stored.wait.remainingMs, stored.wait.position)
  for (let attempt = (stored?.attempts ?? 0) + 1; ; attempt++) {
    const end = await execution.attempt(path, attempt, call, plan)
    if (end.kind === 'returned') return storeValue(execution, path, attempt, end, false)
    const error = end.kind === 'timed out' ? new StepTimeoutError(path, plan.timeoutMs ?? 0) : failureOf(end)
    const verdict = judgeStepFailure(error, plan.policy, attempt, execution.seams.clock.random())
    if (verdict.kind === 'final') return storeFailure(execution, path, attempt, error, durationOf(end), false)
    const { position } = await execution.append({
      ...{ path, kind: 'run', phase: 'retrying', attempt, durationMs: durationOf(end) },
      pauseMs: verdict.delayMs,
      error: toStoredError(error),
    })
    await execution.wait(path, 'retry', verdict.delayMs, position)
  }
}

/** One attempt: its intent is stored first, a throw is its end, and an interrupted body is never run again unasked. */
async function runOnce(
  execution: Execution,
  path: StepPath,
  stored: StoredStep | undefined,
  call: Call,
  plan: RunStepPlan,
): Promise<StepEnd> {
  const attempts = stored?.attempts ?? 0
  if (stored?.unknown) return lookUp(execution, path, attempts, call, plan)
  return runAfterIntent(execution, path, attempts + 1, call, plan)
}

async function runAfterIntent(
  execution: Execution,
  path: StepPath,
  attempt: number,
  call: Call,
  plan: RunStepPlan,
): Promise<StepEnd> {
  await execution.append({ path, kind: 'run', phase: 'intent', attempt, durationMs: 0, once: true })
  const end = await execution.attempt(path, attempt, call, plan)
  if (end.kind === 'returned') return storeValue(execution, path, attempt, end, true)
  if (end.kind === 'timed out') return lookUp(execution, path, attempt, call, plan)
  return storeFailure(execution, path, attempt, failureOf(end), durationOf(end), true)
}

/** Asks the author what became of an interrupted body. What `onUnknown` throws is the step's failure. */
async function lookUp(
  execution: Execution,
  path: StepPath,
  attempt: number,
  call: Call,
  plan: RunStepPlan,
): Promise<StepEnd> {
  const { onUnknown } = plan
  if (onUnknown === undefined) {
    return storeFailure(execution, path, attempt, new StepUnknownError(path, attempt), 0, true)
  }
  const ask = (): unknown => onUnknown({ idempotencyKey: idempotencyKey(execution.run.id, path) })
  const end = await execution.attempt(path, attempt, ask, { timeoutMs: undefined, once: false })
  if (end.kind !== 'returned')
    return storeFailure(execution, path, attempt, failureOf(end), durationOf(end), true)
  if (end.value === stepAgain) return runAfterIntent(execution, path, attempt + 1, call, plan)
  return storeValue(execution, path, attempt, end, true)
}

async function storeValue(
  execution: Execution,
  path: StepPath,
  attempt: number,
  end: Extract<BodyEnd, { kind: 'returned' }>,
  once: boolean,
): Promise<StepEnd> {
  let value: Uint8Array
  try {
    value = encodeValue(end.value, `result of step '${path}'`, execution.seams.maxValueBytes)
  } catch (error) {
    // R4: the effect happened; another attempt would repeat it.
    return storeFailure(execution, path, attempt, error, end.durationMs, once)
  }
  const { durationMs } = end
  const record: StepEnd = {
    path,
    kind: 'run',
    phase: 'done',
    attempt,
    durationMs,
    value,
    ...(once ? { once } : {}),
  }
  await execution.append(record)
  return record
}

async function storeFailure(
  execution: Execution,
  path: StepPath,
  attempt: number,
  error: unknown,
  durationMs: number,
  once: boolean,
): Promise<StepEnd> {
  const stored = toStoredError(error)
  const base = { path, kind: 'run', phase: 'failed', attempt, durationMs, error: stored } as const
  const record: StepEnd = { ...base, ...(once ? { once } : {}) }
  await execution.append(record)
  return record
}

function failureOf(end: BodyEnd): unknown {
  return end.kind === 'threw' ? end.error : new Error(`the body ended as '${end.kind}'`)
}

function durationOf(end: BodyEnd): number {
  return end.kind === 'abandoned' ? 0 : end.durationMs
}
