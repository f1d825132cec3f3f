const minute = 60_000

/**
 * How finely a stretch of the past is played: old periods are shown by the hour, so runs may be grouped there, which a
 * store takes several times as fast.
 */
export interface Pace {
  /** Up to so many minutes ago. */
  readonly until: number
  /** Runs that are enqueued within this come at one instant; left out: each by itself. */
  readonly waveMs?: number
  /** Of how many kinds those are at most: what a transaction costs grows with them. */
  readonly kinds: number
  /** Steps end at multiples of this. */
  readonly stepMs: number
  /** When pauses of runs have ended is looked up at multiples of this; left out: with the next wave. */
  readonly dueMs?: number
}

const paces: readonly Pace[] = [
  { until: 65, waveMs: 30 * minute, kinds: 4, stepMs: 2_000 },
  { until: 4, waveMs: minute, kinds: 3, stepMs: 400, dueMs: 40_000 },
  { until: 0, kinds: 1, stepMs: 1, dueMs: 2_000 },
]

export function paceAt(agoMinutes: number): Pace {
  return paces.find(({ until }) => agoMinutes > until) ?? (paces.at(-1) as Pace)
}

/** Ms between two runs that are enqueued, on average: the busiest time of the day is now. */
export function meanGapMs(agoMinutes: number): number {
  const dayPart = (1 + Math.cos((2 * Math.PI * agoMinutes) / (24 * 60))) / 2
  const perHour = 16 + 140 * dayPart ** 2
  // The begin of a sale.
  const rush = agoMinutes < 4 ? 5 : agoMinutes < 15 ? 3 : 1
  return (60 * minute) / (perHour * rush)
}
