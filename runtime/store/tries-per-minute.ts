import { failureMinutes } from './failures.ts'

/**
 * Returns the tries of each of the last 60 minutes up to `minute`, oldest first. `stored` has those that had any:
 * minute, tries, minute, tries …
 */
export function triesPerMinute(stored: readonly number[], minute: number): readonly number[] {
  const tries = new Array<number>(failureMinutes).fill(0)
  for (let i = 0; i < stored.length; i += 2) {
    const [at = 0, count = 0] = stored.slice(i, i + 2)
    const place = failureMinutes - 1 - (minute - at)
    // A clock that went back leaves minutes in the future.
    if (place >= 0 && place < failureMinutes) tries[place] = count
  }
  return tries
}
