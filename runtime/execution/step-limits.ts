import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { LimitUse } from '../model/limit-use.ts'
import { isLimiter, type Limiter } from '../model/limiter.ts'
import type { StepPath } from '../model/step-path.ts'
import type { StepScheduler } from './step-scheduler.ts'

/** How a step uses limiters. */
export interface StepLimits {
  readonly uses: readonly LimitUse[]
  /** In the form in which they were defined: the store registers them before their first use. */
  readonly limiters: readonly Limiter[]
}

/** A step on a waitlist asks again at least this often, with or without hints. */
const maxWaitMs = 2_000

/**
 * Takes all limits of one attempt, however long that takes: a long wait gives the slot up, and the resumed step keeps
 * its position on the waitlist. Resolves to the number of this use.
 */
export async function passLimits(
  scheduler: StepScheduler,
  path: StepPath,
  attempt: number,
  { uses, limiters }: StepLimits,
): Promise<number> {
  if (uses.length === 0) return 0
  await scheduler.limits.define(limiters)
  for (;;) {
    const { turn, answer } = await scheduler.limits.acquire(path, attempt, uses)
    if (answer.kind === 'granted') return turn
    await scheduler.waits.wait(path, {
      kind: 'limit',
      ms: Math.min(answer.opensInMs ?? maxWaitMs, maxWaitMs),
    })
  }
}

/** The function `correctCost` of a step's context. */
export function costCorrection(
  scheduler: StepScheduler,
  path: StepPath,
  turn: number,
  { limiters }: StepLimits,
): (cost: number, limiter?: Limiter) => Promise<void> {
  return async (cost, limiter) => {
    const points = limiters.filter(({ rule }) => rule.kind === 'points')
    const named =
      limiter === undefined
        ? points
        : points.filter(({ name }) => isLimiter(limiter) && name === limiter.name)
    const [one, ...others] = named
    if (one === undefined || others.length > 0) {
      throw new InvalidOptionsError(
        `correctCost in step '${path}': ${others.length > 0 ? 'name the limiter as second argument' : 'the step uses no such limits.points'}`,
      )
    }
    if (!Number.isInteger(cost) || cost < 0 || cost > 1_000_000_000) {
      throw new InvalidOptionsError(
        `correctCost in step '${path}': ${String(cost)} is not a whole number of points`,
      )
    }
    await scheduler.limits.correctCost(path, turn, { limiter: one.name, cost })
  }
}
