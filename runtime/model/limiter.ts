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

export type RuleNumbers = Omit<LimiterRule, 'kind'>

/** The names of each kind's numbers in authors' code. */
export const ruleNames: Readonly<Record<LimiterKind, Partial<Record<keyof RuleNumbers, string>>>> = {
  concurrency: { max: 'max' },
  fixedWindow: { max: 'limit', everyMs: 'window' },
  slidingWindow: { max: 'limit', everyMs: 'window' },
  tokenBucket: { max: 'capacity', refill: 'refill', everyMs: 'every' },
  leakyBucket: { max: 'burst', refill: 'limit', everyMs: 'every' },
  points: { max: 'points', everyMs: 'every' },
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
  concurrency: (options: { name: string; max: number }): Limiter => makeLimiter('concurrency', options),

  /** At most `limit` per window; windows begin at multiples of `window` since 1970 UTC. */
  fixedWindow: (options: { name: string; limit: number; window: Duration }): Limiter =>
    makeLimiter('fixedWindow', options),

  /** At most `limit` in every span of this length. Stores each start of the last window. */
  slidingWindow: (options: { name: string; limit: number; window: Duration }): Limiter =>
    makeLimiter('slidingWindow', options),

  /** A bucket of `capacity` tokens, full at first, that is refilled by `refill` tokens per `every`, evenly. */
  tokenBucket: (options: { name: string; capacity: number; refill: number; every: Duration }): Limiter =>
    makeLimiter('tokenBucket', options),

  /** `limit` per `every`, evenly spaced; after a quiet time `burst` (default 1) may start at once. */
  leakyBucket: (options: { name: string; limit: number; every: Duration; burst?: number }): Limiter =>
    makeLimiter('leakyBucket', { ...options, burst: options?.burst ?? 1 }),

  /**
   * `points` per `every`, refilled evenly. Each use charges its `cost`, an estimate; `correctCost` of the step's
   * context replaces it with the true cost.
   */
  points: (options: { name: string; points: number; every: Duration }): Limiter =>
    makeLimiter('points', options),
} as const

/** @param options The name and the numbers, as `ruleNames` calls them. @throws InvalidOptionsError naming the wrong one */
export function makeLimiter(kind: LimiterKind, options: object): Limiter {
  checkNodeVersion()
  const names = ruleNames[kind]
  checkKnownOptions(options, ['name', ...Object.values(names)], `limits.${kind}`)
  const { name, ...numbers } = options as Readonly<Record<string, unknown>>
  if (!isName(name) || name.startsWith('$')) {
    throw new InvalidOptionsError(
      `limits.${kind}: give the limiter a name of at most ${maxNameBytes} bytes that does not begin with $`,
    )
  }
  const at = `limiter '${name}'`
  const read = (field: keyof RuleNumbers, parse: typeof whole, withoutIt: number): number => {
    const option = names[field]
    return option === undefined ? withoutIt : parse(numbers[option], `${at}: ${option}`)
  }
  const max = read('max', whole, 0)
  const refill = read('refill', whole, kind === 'points' ? max : 0)
  const everyMs = read('everyMs', period, 0)
  if (refill > 0 && max * everyMs > maxProduct) {
    throw new InvalidOptionsError(
      `${at}: so large a bucket over so long a time can't be counted; name a shorter one`,
    )
  }
  return Object.freeze({
    [limiterBrand]: limiterBrand as typeof limiterBrand,
    name,
    rule: Object.freeze({ kind, max, everyMs, refill }),
  })
}

function whole(value: unknown, option: string): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxMax) return value as number
  throw new InvalidOptionsError(`${option} must be a whole number from 1 to ${maxMax}, not ${String(value)}`)
}

function period(value: unknown, option: string): number {
  const ms = parseDuration(value, option)
  if (ms >= 1) return ms
  throw new InvalidOptionsError(`${option} must be 1 ms or longer`)
}
