import { backoffMs, type Clock, pause } from './clock.ts'
import { StoreUnavailableError } from './errors.ts'

export interface UntilRepliedOptions {
  readonly clock: Clock
  /** Ends the attempts, also during a pause. */
  readonly over: AbortSignal
  /** Called before each attempt; false ends them too. */
  readonly goesOn?: () => boolean
  /** Called for each failed attempt; throws an error that must not be repeated. Default: throws all but outages. */
  readonly onFailure?: (error: unknown, attempt: number) => void
}

/**
 * Repeats a store call, with growing pauses, until the store replies or `over` aborts, and then returns `onceOver`: a run must
 * not fail because the store can't be reached. The call must be safe to repeat.
 */
export async function untilReplied<T, Over>(
  call: (attempt: number) => Promise<T>,
  { clock, over, goesOn = () => true, onFailure = throwUnlessOutage }: UntilRepliedOptions,
  onceOver: Over,
): Promise<T | Over> {
  for (let attempt = 1; !over.aborted && goesOn(); attempt++) {
    try {
      return await call(attempt)
    } catch (error) {
      onFailure(error, attempt)
      await pause(clock, backoffMs(attempt, clock.random()), over)
    }
  }
  return onceOver
}

function throwUnlessOutage(error: unknown): void {
  if (!StoreUnavailableError.is(error)) throw error
}
