import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { type FailureFilter, failureOrders, maxFailureGroups } from './failures.ts'
import { type StatisticsRange, statisticsRanges } from './statistics.ts'
import { throughputMinutes } from './store.ts'

/** @throws InvalidOptionsError */
export function checkFailureFilter({ limit, order = 'latest', since = 0 }: FailureFilter): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxFailureGroups)
    throw new InvalidOptionsError(`failures: limit must be 1 to ${maxFailureGroups}, not ${limit}`)
  if (!failureOrders.includes(order))
    throw new InvalidOptionsError(
      `failures: '${String(order)}' is no order; write one of ${failureOrders.join(', ')}`,
    )
  if (!Number.isFinite(since))
    throw new InvalidOptionsError(`failures: since is ${since}; give milliseconds since 1970`)
}

/** @throws InvalidOptionsError */
export function checkMinutes(minutes: number): void {
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= throughputMinutes) return
  throw new InvalidOptionsError(
    `throughput: ${minutes} is not a number of minutes; use 1 to ${throughputMinutes}`,
  )
}

/** @throws InvalidOptionsError */
export function checkRange(range: StatisticsRange): void {
  if (Object.hasOwn(statisticsRanges, range)) return
  const ranges = Object.keys(statisticsRanges).join(', ')
  throw new InvalidOptionsError(`statistics: '${range}' is not a range; use one of ${ranges}`)
}
