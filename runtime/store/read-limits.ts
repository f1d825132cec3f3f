import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { type StatisticsRange, statisticsRanges } from './statistics.ts'
import { throughputMinutes } from './store.ts'

/** The number that a cursor stands for. @throws InvalidOptionsError when it is none of ours. */
export function parseCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor)
  throw new InvalidOptionsError(`cursor: '${cursor}' is none; pass on the cursor of the page before`)
}

/** @throws InvalidOptionsError */
export function checkMinutes(minutes: number): void {
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= throughputMinutes) return
  throw new InvalidOptionsError(
    `throughput: ${minutes} is no number of minutes; ask for 1 to ${throughputMinutes}`,
  )
}

/** @throws InvalidOptionsError */
export function checkRange(range: StatisticsRange): void {
  if (Object.hasOwn(statisticsRanges, range)) return
  const ranges = Object.keys(statisticsRanges).join(', ')
  throw new InvalidOptionsError(`statistics: '${range}' is not a range; ask for one of ${ranges}`)
}
