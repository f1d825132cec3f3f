import { type Limiter, limits } from '../../../runtime/model/limiter.ts'

/** A start that a key has seen. */
export interface Start {
  readonly at: number
  readonly cost: number
}

/** A rate as a sentence of mathematics says it: no state, no clock, nothing remembered but the starts themselves. */
export interface RateDefinition {
  readonly limiter: Limiter
  /** The largest cost. */
  readonly max: number
  /** Whether one more start satisfies the rule after the starts in `before`, all of which satisfied it. */
  allows(before: readonly Start[], next: Start): boolean
}

const name = 'rate'

/** Windows lie side by side, the first began in 1970: within none of them more than `limit`. */
export function fixedWindow(limit: number, window: number): RateDefinition {
  const windowOf = ({ at }: Start): number => Math.floor(at / window)
  return {
    limiter: limits.fixedWindow({ name, limit, window }),
    max: limit,
    allows: (before, next) =>
      cost([...before.filter((start) => windowOf(start) === windowOf(next)), next]) <= limit,
  }
}

/** Within `window` ms, this one included, never more than `limit`. */
export function slidingWindow(limit: number, window: number): RateDefinition {
  return {
    limiter: limits.slidingWindow({ name, limit, window }),
    max: limit,
    allows: (before, next) => cost([...before.filter(({ at }) => at + window > next.at), next]) <= limit,
  }
}

export function tokenBucket(capacity: number, refill: number, every: number): RateDefinition {
  const limiter = limits.tokenBucket({ name, capacity, refill, every })
  return { limiter, max: capacity, allows: below(capacity, refill, every) }
}

export function leakyBucket(burst: number, limit: number, every: number): RateDefinition {
  const limiter = limits.leakyBucket({ name, limit, every, burst })
  return { limiter, max: burst, allows: below(burst, limit, every) }
}

export function points(most: number, every: number): RateDefinition {
  const limiter = limits.points({ name, points: most, every })
  return { limiter, max: most, allows: below(most, most, every) }
}

/** Between any two starts never more than a burst and the amount refilled between them. */
function below(burst: number, refill: number, every: number): RateDefinition['allows'] {
  return (before, next) =>
    [...before, next].every(({ at: from }, i) => {
      const taken = cost([...before.slice(i), next])
      return taken * every <= burst * every + (next.at - from) * refill
    })
}

/** First come, first served, each as early as the rule allows: tried ms by ms. */
export function earliestStarts(rate: RateDefinition, arrivals: readonly Start[]): readonly number[] {
  const starts: Start[] = []
  for (const arrival of arrivals) {
    let at = Math.max(arrival.at, starts.at(-1)?.at ?? 0)
    while (!rate.allows(starts, { at, cost: arrival.cost })) at++
    starts.push({ at, cost: arrival.cost })
  }
  return starts.map(({ at }) => at)
}

function cost(starts: readonly Start[]): number {
  return starts.reduce((sum, start) => sum + start.cost, 0)
}
