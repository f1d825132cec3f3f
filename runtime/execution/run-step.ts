import { encodeValue } from '../model/codec.ts'
import { parseDuration } from '../model/duration.ts'
import { StepTimeoutError, StepUnknownError } from '../model/errors.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { type StepContext, type StepOptions, stepAgain } from '../model/job.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { limitersIn, parseStepLimits } from '../model/limit-use.ts'
import { RateLimitedError } from '../model/rate-limited-error.ts'
import { parseRetry, type RetryPolicy } from '../model/retry-policy.ts'
import type { StepPath } from '../model/step-path.ts'
import { type StoredError, toStoredError } from '../model/stored-error.ts'
import { messageOf } from '../model/thrown.ts'
import type { BodyEnd } from './body.ts'
import { judgeStepFailure, requestedPauseMs } from './classify-failure.ts'
import { idempotencyKey } from './idempotency-key.ts'
import type { StoredStep } from './journal-index.ts'
import { costCorrection, passLimits, type StepLimits } from './step-limits.ts'
import type { StepEnd, StepScheduler } from './step-scheduler.ts'

type Call = (context: StepContext) => unknown

interface RunStepPlan {
  readonly policy: RetryPolicy
  readonly timeoutMs: number | undefined
  readonly once: boolean
  readonly limits: StepLimits
  readonly onUnknown: ((context: { readonly idempotencyKey: string }) => unknown) | undefined
}

const knownOptions = ['retry', 'timeout', 'key', 'limits', 'atMostOnce', 'onUnknown']

/** @throws InvalidOptionsError naming the wrong option of the step. */
export function planRunStep(name: string, options?: StepOptions<never>): RunStepPlan {
  return options === undefined ? planWithoutOptions : parsePlan(name, options)
}

function parsePlan(name: string, options: StepOptions<never>): RunStepPlan {
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
    limits: planLimits(name, options.limits),
    onUnknown,
  }
}

const noLimits: StepLimits = { uses: [], limiters: [] }

function planLimits(name: string, limits: unknown): StepLimits {
  if (limits === undefined) return noLimits
  return { uses: parseStepLimits(limits, `step '${name}': limits`), limiters: limitersIn(limits) }
}

const planWithoutOptions: RunStepPlan = parsePlan('', {})

/** One step call: its body, its options, and where its records go. */
interface StepRun {
  readonly scheduler: StepScheduler
  readonly path: StepPath
  readonly call: Call
  readonly plan: RunStepPlan
}

/** Runs a step's body until it has an end, and stores the end. */
export function runStep(
  scheduler: StepScheduler,
  path: StepPath,
  stored: StoredStep | undefined,
  call: Call,
  plan: RunStepPlan,
): Promise<StepEnd> {
  const step = { scheduler, path, call, plan }
  return plan.once ? runOnce(step, stored) : runRetried(step, stored)
}

async function runRetried(step: StepRun, stored: StoredStep | undefined): Promise<StepEnd> {
  const { scheduler, path, plan } = step
  if (stored?.wait) {
    const { remainingMs, position, error } = stored.wait
    const fingerprint = error && scheduler.run.markOf(error, path).fingerprint
    await scheduler.waits.wait(path, { kind: 'retry', ms: remainingMs, position, fingerprint })
  }
  for (let attempt = (stored?.attempts ?? 0) + 1; ; attempt++) {
    const end = await attemptOnce(step, attempt)
    if (end.kind === 'returned') return storeValue(step, attempt, end)
    const error = end.kind === 'timed out' ? new StepTimeoutError(path, plan.timeoutMs ?? 0) : failureOf(end)
    const verdict = judgeStepFailure(error, plan.policy, attempt, scheduler.deps.clock.random())
    if (verdict.kind === 'final') return storeFailure(step, attempt, error, durationOf(end))
    const { delayMs } = verdict
    const failure = toStoredError(error)
    scheduler.run.log.warn({ step: path, attempt, delayMs, err: failure }, 'a step failed and is tried again')
    await pauseBefore(step, { attempt, durationMs: durationOf(end), delayMs, error: failure })
  }
}

function attemptOnce(step: StepRun, attempt: number): Promise<BodyEnd> {
  const { scheduler, path, call, plan } = step
  const isLimited = plan.limits.uses.length > 0
  return isLimited ? attemptLimited(step, attempt) : scheduler.bodies.attempt(path, attempt, call, plan)
}

/** Makes one attempt, with its limits; a provider's "too many" closes their keys and spends none. */
async function attemptLimited(step: StepRun, attempt: number): Promise<BodyEnd> {
  const { scheduler, path, call, plan } = step
  const { limits } = plan
  for (;;) {
    const turn = await passLimits(scheduler, path, attempt, limits)
    const correctCost = costCorrection(scheduler, path, turn, limits)
    const end = await scheduler.bodies.attempt(path, attempt, call, { ...plan, correctCost })
    const delayMs = closedMs(end)
    if (delayMs === undefined) return end
    const reason = messageOf(failureOf(end))
    scheduler.run.log.warn({ step: path, attempt, delayMs, reason }, 'a step was asked to pause')
    await scheduler.limits.closeKeys(path, turn, delayMs)
  }
}

/** Waits before the next attempt: the deadline is stored, so that no resume restarts it. */
async function pauseBefore(
  { scheduler, path, plan }: StepRun,
  failed: {
    readonly attempt: number
    readonly durationMs: number
    readonly delayMs: number
    readonly error: StoredError
  },
): Promise<void> {
  const { attempt, durationMs, delayMs, error } = failed
  const mark = scheduler.run.markOf(error, path)
  const base = { path, kind: 'run', attempt, durationMs } as const
  const record = { ...base, phase: 'retrying', pauseMs: delayMs, error, mark } as const
  const { position } = await scheduler.journal.append(record, { limited: plan.limits.uses.length > 0 })
  await scheduler.waits.wait(path, { kind: 'retry', ms: delayMs, position, fingerprint: mark.fingerprint })
}

/**
 * Makes one attempt: its intent is stored first, a throw is its end, and an interrupted body is never run again unless
 * `onUnknown` says so.
 */
function runOnce(step: StepRun, stored: StoredStep | undefined): Promise<StepEnd> {
  const attempts = stored?.attempts ?? 0
  return stored?.unknown ? lookUp(step, attempts) : runAfterIntent(step, attempts + 1)
}

/**
 * The task's scale-in protection covers it from before the intent until the end is stored. Limits come first: a run
 * that waits long for one may leave its slot, and must not keep the task protected meanwhile.
 */
async function runAfterIntent(step: StepRun, attempt: number): Promise<StepEnd> {
  const turn = await passLimits(step.scheduler, step.path, attempt, step.plan.limits)
  const uncover = await step.scheduler.bodies.coverOnce()
  try {
    return await carryOutOnce(step, attempt, turn)
  } finally {
    uncover()
  }
}

async function carryOutOnce(step: StepRun, attempt: number, turn: number): Promise<StepEnd> {
  const { scheduler, path, call, plan } = step
  await scheduler.journal.append({ path, kind: 'run', phase: 'intent', attempt, durationMs: 0, once: true })
  const correctCost = costCorrection(scheduler, path, turn, plan.limits)
  const end = await scheduler.bodies.attempt(path, attempt, call, { ...plan, correctCost })
  const delayMs = plan.limits.uses.length > 0 ? closedMs(end) : undefined
  if (delayMs !== undefined) await scheduler.limits.closeKeys(path, turn, delayMs)
  if (end.kind === 'returned') return storeValue(step, attempt, end)
  if (end.kind === 'timed out') return lookUp(step, attempt)
  return storeFailure(step, attempt, failureOf(end), durationOf(end))
}

/**
 * Asks the author's `onUnknown` for the outcome of an interrupted body. An error that it throws is the step's failure.
 */
async function lookUp(step: StepRun, attempt: number): Promise<StepEnd> {
  const { scheduler, path, plan } = step
  const { onUnknown } = plan
  if (onUnknown === undefined) return storeFailure(step, attempt, new StepUnknownError(path, attempt), 0)
  const ask = (): unknown => onUnknown({ idempotencyKey: idempotencyKey(scheduler.run.claimed.id, path) })
  const end = await scheduler.bodies.attempt(path, attempt, ask, { timeoutMs: undefined, once: false })
  if (end.kind !== 'returned') return storeFailure(step, attempt, failureOf(end), durationOf(end))
  if (end.value === stepAgain) return runAfterIntent(step, attempt + 1)
  return storeValue(step, attempt, end)
}

function storeValue(
  step: StepRun,
  attempt: number,
  { value: result, durationMs }: Extract<BodyEnd, { kind: 'returned' }>,
): Promise<StepEnd> {
  const { scheduler, path } = step
  let value: Uint8Array
  try {
    value = encodeValue(result, `result of step '${path}'`, scheduler.deps.maxValueBytes)
  } catch (error) {
    // R4: the effect happened; another attempt would repeat it.
    return storeFailure(step, attempt, error, durationMs)
  }
  return storeEnd(step, { path, kind: 'run', phase: 'done', attempt, durationMs, value })
}

function storeFailure(step: StepRun, attempt: number, thrown: unknown, durationMs: number): Promise<StepEnd> {
  const { scheduler, path } = step
  const error = toStoredError(thrown)
  const mark = scheduler.run.markOf(error, path)
  return storeEnd(step, { path, kind: 'run', phase: 'failed', attempt, durationMs, error, mark })
}

function storeEnd({ scheduler, plan }: StepRun, end: StepEnd): Promise<StepEnd> {
  const record = plan.once ? { ...end, once: true } : end
  const limited = plan.limits.uses.length > 0
  return scheduler.journal.append(record, { limited }).then(() => record)
}

/** Returns how long the provider wants the step's keys closed. */
function closedMs(end: BodyEnd): number | undefined {
  return end.kind === 'threw' && RateLimitedError.is(end.error) ? requestedPauseMs(end.error) : undefined
}

function failureOf(end: BodyEnd): unknown {
  return end.kind === 'threw' ? end.error : new Error(`the body ended as '${end.kind}'`)
}

function durationOf(end: BodyEnd): number {
  return end.kind === 'abandoned' ? 0 : end.durationMs
}
