const minute = 60_000

/**
 * How finely a stretch of the past is played: what lies long ago is seen by the hour, so that runs may come together there,
 * which a store takes several times as fast.
 */
export interface Pace {
  /** Up to so many minutes ago. */
  readonly until: number
  /** Runs that are enqueued at one instant, on average. */
  readonly wave: number
  /** Steps end at multiples of this. */
  readonly stepMs: number
  /** When pauses of runs have ended is looked up at multiples of this; left out: with the next wave. */
  readonly dueMs?: number
}

const paces: readonly Pace[] = [
  { until: 65, wave: 20, stepMs: 300 },
  { until: 6, wave: 4, stepMs: 50, dueMs: 5_000 },
  { until: 0, wave: 1, stepMs: 1, dueMs: 100 },
]

export function paceAt(agoMinutes: number): Pace {
  return paces.find(({ until }) => agoMinutes > until) ?? (paces.at(-1) as Pace)
}

/** Ms between two runs that are enqueued, on average: the busiest time of the day is now. */
export function meanGapMs(agoMinutes: number): number {
  const dayPart = (1 + Math.cos((2 * Math.PI * agoMinutes) / (24 * 60))) / 2
  const perHour = 40 + 330 * dayPart ** 2
  // The begin of a sale.
  const rush = agoMinutes < 15 ? 2 : 1
  return (60 * minute) / (perHour * rush)
}
