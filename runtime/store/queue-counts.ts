import { isEnd, runStates } from '../model/run.ts'
import type { QueueInfo } from './queue-info.ts'
import type { RunCount } from './run-filter.ts'

type LiveCounts = QueueInfo['counts']

export const noRuns: LiveCounts = Object.fromEntries(
  runStates.filter((state) => !isEnd(state)).map((state) => [state, 0]),
) as LiveCounts

/** How many live runs each queue has, by state; queues without any are left out. */
export function queueCounts(counts: readonly RunCount[]): Map<string, LiveCounts> {
  const byQueue = new Map<string, { -readonly [state in keyof LiveCounts]: number }>()
  for (const { queue, state, count } of counts) {
    if (isEnd(state)) continue
    const sum = byQueue.get(queue) ?? { ...noRuns }
    sum[state] += count
    byQueue.set(queue, sum)
  }
  return byQueue
}

/** Live runs of each queue, scheduled ones left out. */
export function queueBacklogs(counts: readonly RunCount[]): Map<string, number> {
  const backlogs = new Map<string, number>()
  for (const { queue, state, count } of counts) {
    if (state !== 'scheduled' && !isEnd(state)) backlogs.set(queue, (backlogs.get(queue) ?? 0) + count)
  }
  return backlogs
}
