import { backoffMs, type Clock, pause } from '../model/clock.ts'
import { StoreUnavailableError } from '../model/errors.ts'
import { lastingOutages } from '../model/store-outage.ts'

interface Patience {
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Called at the begin of an outage and at its end. */
  readonly tell: (text: string) => void
}

/**
 * Repeats a read until the store is back: for commands that run until they are stopped.
 * @throws StoreUnavailableError when the signal aborts meanwhile, or the outage is one that waiting doesn't end.
 */
export async function throughOutages<T>(
  read: () => Promise<T>,
  { signal, clock, tell }: Patience,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await read()
      if (attempt > 0) tell('the store is back')
      return result
    } catch (error) {
      if (!StoreUnavailableError.is(error) || lastingOutages.includes(error.kind)) throw error
      if (attempt === 0) tell(`the store is unavailable: ${error.message}; continuing once it is back`)
      await pause(clock, backoffMs(attempt, clock.random()), signal)
      if (signal.aborted) throw error
    }
  }
}
