import type { Overview } from '../../runtime/store/overview.ts'
import type { StatisticsPoint } from '../../runtime/store/statistics.ts'

/** The events between one read and the next, as rates. */
interface PulseSample {
  /** By the store's clock. */
  readonly at: number
  /** Per second. */
  readonly started: number
  readonly completed: number
  readonly failed: number
  /** Live runs, scheduled ones left out. */
  readonly backlog: number
}

/** The last minutes, second by second: what the store keeps by minutes only. */
export interface Pulse {
  /** Oldest first, at most `pulseMs` old. */
  readonly samples: readonly PulseSample[]
  /** The counts of the last read. */
  readonly counted: Counted | undefined
}

interface Counted {
  readonly at: number
  readonly points: readonly StatisticsPoint[]
}

export const pulseMs = 300_000

export const noPulse: Pulse = { samples: [], counted: undefined }

/** Adds one more overview. One that is not newer than the last changes nothing. */
export function beat({ samples, counted }: Pulse, { now, statistics }: Overview): Pulse {
  const next = { at: now, points: statistics.points }
  if (counted === undefined) return { samples, counted: next }
  if (now <= counted.at) return { samples, counted }
  const perSecond = (field: 'started' | 'completed' | 'failed'): number =>
    gained(counted.points, next.points, field) / ((now - counted.at) / 1_000)
  const sample: PulseSample = {
    at: now,
    started: perSecond('started'),
    completed: perSecond('completed'),
    failed: perSecond('failed'),
    backlog: statistics.backlogs.reduce((sum, { now: live }) => sum + live, 0),
  }
  const recent = samples.filter(({ at }) => at > now - pulseMs)
  return { samples: [...recent, sample], counted: next }
}

/** Returns by how much the minutes of `after` exceed the same minutes of `before`. */
function gained(
  before: readonly StatisticsPoint[],
  after: readonly StatisticsPoint[],
  field: 'started' | 'completed' | 'failed',
): number {
  const known = new Map(before.map((point) => [point.at, point[field]]))
  const oldest = before[0]?.at ?? 0
  return after.reduce((sum, point) => {
    // A minute outside of the previous read's range is no news.
    if (point.at < oldest) return sum
    return sum + Math.max(0, point[field] - (known.get(point.at) ?? 0))
  }, 0)
}
