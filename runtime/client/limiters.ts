import { type Duration, parseDuration } from '../model/duration.ts'
import { RunStateError } from '../model/errors.ts'
import type { ExpectedLimiter } from '../model/expecting-write.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { type Limiter, type LimiterRule, ruleNames } from '../model/limiter.ts'
import type { RuleChange } from '../store/limiter-rules.ts'
import type { LimiterInfo, LimiterKeyInfo } from '../store/limiters.ts'
import type { Store } from '../store/store.ts'
import type { LimitHolderPage, LimitKeyQuery, LimitWaiterPage } from '../store/waitlist.ts'
import { type ByHandOn, expectingWrite } from './by-hand.ts'

/** One key of a limiter, by default that of a limiter without keys, and a page of it, by default of 100. */
export type LimitKeyPageOptions = Partial<Omit<LimitKeyQuery, 'limiter'>>

/** Numbers of a limiter by the names that its author used: those of its kind, one or more of them. */
export interface LimiterChange {
  max?: number
  limit?: number
  capacity?: number
  refill?: number
  burst?: number
  points?: number
  window?: Duration
  every?: Duration
}

/** The limiters of a store: inspect, and change them while workers run. */
export class Limiters {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  list(): Promise<readonly LimiterInfo[]> {
    return this.#store.limiters()
  }

  /** Returns the keys with usage, those with the longest waitlists first. */
  keys(limiter: Limiter | string, options: { limit?: number } = {}): Promise<readonly LimiterKeyInfo[]> {
    return this.#store.limiterKeys(nameOf(limiter), options.limit ?? 100)
  }

  /**
   * Returns the runs and steps that hold slots of one key, and since when.
   * @throws InvalidOptionsError
   * @example
   * const { holders } = await jobs.limits.holders('tenant', { key: 'acme' })
   */
  holders(limiter: Limiter | string, page: LimitKeyPageOptions = {}): Promise<LimitHolderPage> {
    return this.#store.limitHolders(keyQuery(limiter, page))
  }

  /** Returns the runs and steps that wait for one key, in order. @throws InvalidOptionsError */
  waitlist(limiter: Limiter | string, page: LimitKeyPageOptions = {}): Promise<LimitWaiterPage> {
    return this.#store.waitlist(keyQuery(limiter, page))
  }

  /**
   * Changes a limiter for all workers from now on, instead of the code's numbers, until `reset`; earlier manual numbers
   * stay.
   * @throws RunStateError for an unknown limiter, InvalidOptionsError for numbers it does not have, StaleWriteError
   * when it is not as `expected`; so does `reset`
   * @example
   * await jobs.limits.set('stripe', { refill: 10 }, { reason: 'their status page is red' })
   */
  async set(
    limiter: Limiter | string,
    change: LimiterChange,
    write: ByHandOn<ExpectedLimiter> = {},
  ): Promise<LimiterRule> {
    const name = nameOf(limiter)
    const known = (await this.list()).find((one) => one.name === name)
    if (known === undefined) {
      throw new RunStateError(
        `no limiter '${name}' in this store; a worker whose code names it registers it (a step's limiter: when the step first runs)`,
      )
    }
    return this.#store.setLimiter(name, numbersOf(known, change), expectingWrite(write, ['rule', 'setAt']))
  }

  /** Puts the code's numbers in force again. @throws RunStateError for an unknown limiter */
  async reset(limiter: Limiter | string, write: ByHandOn<ExpectedLimiter> = {}): Promise<LimiterRule> {
    return this.#store.setLimiter(nameOf(limiter), undefined, expectingWrite(write, ['rule', 'setAt']))
  }
}

function keyQuery(limiter: Limiter | string, page: LimitKeyPageOptions): LimitKeyQuery {
  return { key: '', limit: 100, ...page, limiter: nameOf(limiter) }
}

function nameOf(limiter: Limiter | string): string {
  return typeof limiter === 'string' ? limiter : limiter.name
}

function numbersOf({ name, rule }: LimiterInfo, change: LimiterChange): RuleChange {
  const known = Object.entries(ruleNames[rule.kind])
  const entries = Object.entries(change).map(([option, value]) => {
    const field = known.find(([, own]) => own === option)?.[0] as keyof RuleChange | undefined
    if (field === undefined) {
      throw new InvalidOptionsError(
        `limiter '${name}' is a ${rule.kind} and has no '${option}'; it has ${known.map(([, own]) => own).join(', ')}`,
      )
    }
    return [
      field,
      field === 'everyMs' ? parseDuration(value, `limiter '${name}': ${option}`) : value,
    ] as const
  })
  if (entries.length === 0)
    throw new InvalidOptionsError(`limiter '${name}': name at least one number to change`)
  return Object.fromEntries(entries)
}
