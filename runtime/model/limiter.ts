import { hasBrand } from './brand.ts'
import { type Duration, parseDuration } from './duration.ts'
import { InvalidOptionsError } from './invalid-options-error.ts'
import { checkKnownOptions } from './known-options.ts'
import { isName, maxNameBytes } from './name.ts'
import { checkNodeVersion } from './node-version-error.ts'

export type LimiterKind =
  | 'concurrency'
  | 'fixedWindow'
  | 'slidingWindow'
  | 'tokenBucket'
  | 'leakyBucket'
  | 'points'

/**
 * The limit per key, in numbers that every store computes with.
 * - `concurrency`: costs held at the same time never exceed `max`
 * - windows: costs within one window of `everyMs` never exceed `max`
 * - buckets: a bucket of `max` that is refilled by `refill` per `everyMs`, evenly
 */
export interface LimiterRule {
  readonly kind: LimiterKind
  readonly max: number
  /** 0 for `concurrency`. */
  readonly everyMs: number
  /** 0 except for buckets. */
  readonly refill: number
}

/** A limit that jobs and steps share by name. Made by `limits`, keyed where it is used. */
export interface Limiter {
  readonly [limiterBrand]: typeof limiterBrand
  readonly name: string
  readonly rule: LimiterRule
}

/** Recognized across copies of the package, so that a job file may load its own. */
const limiterBrand: unique symbol = Symbol.for('durable-jobs.limiter')

/** A bucket's content is counted in thousandths of a millisecond of refill: it must stay a whole number. */
const maxProduct = Number.MAX_SAFE_INTEGER / 4
const maxMax = 1_000_000_000

export function isLimiter(value: unknown): value is Limiter {
  return hasBrand(value, limiterBrand)
}

export function isRate({ kind }: LimiterRule): boolean {
  return kind !== 'concurrency'
}

/**
 * Limits by name, defined once and keyed where they are used. A run over a limit waits; it never fails.
 * @example
 * const stripe = limits.tokenBucket({ name: 'stripe', capacity: 100, refill: 25, every: '1s' })
 * const perTenant = limits.concurrency({ name: 'tenant', max: 2 })
 * defineJob({ name: 'charge', limits: [stripe, { limiter: perTenant, key: (input) => input.tenant }] }, …)
 */
export const limits = {
  /**
   * At most `max` at the same time. A slot is freed with the run's execution, its step's end, or its worker's lease.
   */
  concurrency: (options: { name: string; max: number }): Limiter => {
    const at = checked('concurrency', options, ['name', 'max'])
    return made(options.name, 'concurrency', { max: whole(options.max, `${at}: max`), everyMs: 0, refill: 0 })
  },

  /** At most `limit` per window; windows begin at multiples of `window` since 1970 UTC. */
  fixedWindow: (options: { name: string; limit: number; window: Duration }): Limiter => {
    const at = checked('fixedWindow', options, ['name', 'limit', 'window'])
    return made(options.name, 'fixedWindow', windowRule(options, at))
  },

  /** At most `limit` in every span of this length. Stores each start of the last window. */
  slidingWindow: (options: { name: string; limit: number; window: Duration }): Limiter => {
    const at = checked('slidingWindow', options, ['name', 'limit', 'window'])
    return made(options.name, 'slidingWindow', windowRule(options, at))
  },

  /** A bucket of `capacity` tokens, full at first, that is refilled by `refill` tokens per `every`, evenly. */
  tokenBucket: (options: { name: string; capacity: number; refill: number; every: Duration }): Limiter => {
    const at = checked('tokenBucket', options, ['name', 'capacity', 'refill', 'every'])
    const max = whole(options.capacity, `${at}: capacity`)
    return made(
      options.name,
      'tokenBucket',
      bucketRule(at, max, whole(options.refill, `${at}: refill`), options.every),
    )
  },

  /** `limit` per `every`, evenly spaced; after a quiet time `burst` (default 1) may start at once. */
  leakyBucket: (options: { name: string; limit: number; every: Duration; burst?: number }): Limiter => {
    const at = checked('leakyBucket', options, ['name', 'limit', 'every', 'burst'])
    const max = whole(options.burst ?? 1, `${at}: burst`)
    return made(
      options.name,
      'leakyBucket',
      bucketRule(at, max, whole(options.limit, `${at}: limit`), options.every),
    )
  },

  /**
   * `points` per `every`, refilled evenly. Each use charges its `cost`, an estimate; `correctCost` of the step's
   * context replaces it with the true cost.
   */
  points: (options: { name: string; points: number; every: Duration }): Limiter => {
    const at = checked('points', options, ['name', 'points', 'every'])
    const max = whole(options.points, `${at}: points`)
    return made(options.name, 'points', bucketRule(at, max, max, options.every))
  },
} as const

function checked(kind: LimiterKind, options: object, known: readonly string[]): string {
  checkNodeVersion()
  checkKnownOptions(options, known, `limits.${kind}`)
  const { name } = options as { name?: unknown }
  if (!isName(name) || name.startsWith('$')) {
    throw new InvalidOptionsError(
      `limits.${kind}: give the limiter a name of at most ${maxNameBytes} bytes that does not begin with $`,
    )
  }
  return `limiter '${name}'`
}

function whole(value: unknown, option: string): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxMax) return value as number
  throw new InvalidOptionsError(`${option} must be a whole number from 1 to ${maxMax}, not ${String(value)}`)
}

function windowRule(
  { limit, window }: { limit: number; window: Duration },
  at: string,
): Omit<LimiterRule, 'kind'> {
  return { max: whole(limit, `${at}: limit`), everyMs: period(window, `${at}: window`), refill: 0 }
}

function bucketRule(at: string, max: number, refill: number, every: Duration): Omit<LimiterRule, 'kind'> {
  const everyMs = period(every, `${at}: every`)
  if (max * everyMs > maxProduct) {
    throw new InvalidOptionsError(
      `${at}: so large a bucket over so long a time can't be counted; name a shorter one`,
    )
  }
  return { max, everyMs, refill }
}

function period(value: Duration, option: string): number {
  const ms = parseDuration(value, option)
  if (ms >= 1) return ms
  throw new InvalidOptionsError(`${option} must be 1 ms or longer`)
}

function made(name: string, kind: LimiterKind, numbers: Omit<LimiterRule, 'kind'>): Limiter {
  return Object.freeze({
    [limiterBrand]: limiterBrand as typeof limiterBrand,
    name,
    rule: Object.freeze({ kind, ...numbers }),
  })
}
