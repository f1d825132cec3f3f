import type { Overview } from '../store/overview.ts'
import type { QueueInfo } from '../store/queue-info.ts'
import { slotsInUse } from '../store/slots-in-use.ts'
import type { Statistics } from '../store/statistics.ts'

type MetricUnit = 'Count' | 'Milliseconds' | 'Percent'

export type Metrics = Readonly<Record<string, readonly [value: number, unit: MetricUnit]>>

/** The numbers by which a fleet is scaled, now. */
export interface FleetMetrics {
  readonly fleet: Metrics
  /** For the queues with the largest backlogs. */
  readonly queues: readonly { readonly queue: string; readonly metrics: Metrics }[]
}

/** Each is billed as a metric of CloudWatch. */
const maxQueues = 20

/**
 * Computes the metrics from one read of the store.
 * - Runs of a paused queue are backlog, but neither ready nor old: more workers wouldn't help them.
 * - `Utilization` is the runs that need a slot, including those in one, per slot of the workers that claim. It passes
 * 100 when runs wait, and a fleet that is busy with few long runs doesn't look idle.
 */
export function fleetMetrics({
  queues,
  workers,
  statistics,
}: Pick<Overview, 'queues' | 'workers' | 'statistics'>): FleetMetrics {
  const all = queues.map(countsOf)
  const live = workers.filter(({ lost }) => !lost)
  const claiming = live.filter(({ draining }) => !draining)
  const slots = sum(claiming, (one) => one.concurrency)
  const ready = sum(all, (one) => one.ready)
  const wanted = ready + sum(claiming, (one) => one.running)
  const count = (value: number) => [value, 'Count'] as const
  return {
    fleet: {
      Ready: count(ready),
      Backlog: count(sum(all, (one) => one.backlog)),
      OldestReady: [Math.max(0, ...all.map(({ oldestMs }) => oldestMs)), 'Milliseconds'],
      BusySlots: count(slotsInUse(live)),
      Slots: count(slots),
      Workers: count(claiming.length),
      // Counts as one slot if there is none: waiting runs need a worker.
      Utilization: [slots === 0 ? 100 * wanted : (100 * wanted) / slots, 'Percent'],
      ...lastMinute(statistics),
    },
    queues: all
      .toSorted((a, b) => b.backlog - a.backlog)
      .slice(0, maxQueues)
      .map(({ queue, ready: own, backlog, oldestMs, running }) => ({
        queue,
        metrics: {
          Ready: count(own),
          Backlog: count(backlog),
          OldestReady: [oldestMs, 'Milliseconds'],
          Running: count(running),
        },
      })),
  }
}

function countsOf({ name, counts, paused, oldestReadyMs = 0 }: QueueInfo) {
  const { ready, running, cancelling, scheduled, ...others } = counts
  const isOpen = paused === undefined
  return {
    queue: name,
    ready: isOpen ? ready : 0,
    backlog: ready + running + cancelling + sum(Object.values(others), (one) => one),
    running: running + cancelling,
    oldestMs: isOpen ? oldestReadyMs : 0,
  }
}

/** Of the last whole minute: the count of the current one depends on when it's read. */
function lastMinute({ points }: Statistics): Metrics {
  const { started = 0, completed = 0, failed = 0 } = points.at(-2) ?? {}
  return { Started: [started, 'Count'], Completed: [completed, 'Count'], Failed: [failed, 'Count'] }
}

function sum<One>(list: readonly One[], of: (one: One) => number): number {
  return list.reduce((total, one) => total + of(one), 0)
}
