import { backoffMs, type Clock, pause } from './clock.ts'
import { StoreUnavailableError } from './errors.ts'

export interface UntilAnsweredOptions {
  readonly clock: Clock
  /** Ends the attempts, also in a pause. */
  readonly over: AbortSignal
  /** Asked before each attempt; false ends them too. */
  readonly goesOn?: () => boolean
  /** Called for each attempt that failed; throws what is not to be repeated. Default: all but an outage is not. */
  readonly onFailure?: (error: unknown, attempt: number) => void
}

/** Stands for a call that was given up before the store answered. */
export const unanswered: unique symbol = Symbol('unanswered')

/**
 * Repeats a store call, with growing pauses, until the store answers or `over` aborts: a run is not to be blamed for a store
 * that can't be reached. The call must be one that may be repeated.
 */
export async function untilAnswered<T>(
  call: (attempt: number) => Promise<T>,
  { clock, over, goesOn = always, onFailure = throwUnlessOutage }: UntilAnsweredOptions,
): Promise<T | typeof unanswered> {
  for (let attempt = 1; !over.aborted && goesOn(); attempt++) {
    try {
      return await call(attempt)
    } catch (error) {
      onFailure(error, attempt)
      await pause(clock, backoffMs(attempt, clock.random()), over)
    }
  }
  return unanswered
}

function throwUnlessOutage(error: unknown): void {
  if (!StoreUnavailableError.is(error)) throw error
}

function always(): boolean {
  return true
}
