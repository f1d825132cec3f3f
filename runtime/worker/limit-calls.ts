import type { LimitSeams } from '../execution/execution.ts'
import { backoffMs, pause } from '../model/clock.ts'
import { StoreUnavailableError } from '../model/errors.ts'
import type { Limiter, LimiterRule } from '../model/limiter.ts'
import { refuseOtherRule } from '../store/limiter-rules.ts'
import type { LeaseId, Store } from '../store/store.ts'
import type { WorkerConfig } from './worker-options.ts'

/** What the steps of a lease ask of limiters: each call is repeated until the store answers or the lease is over. */
export class LimitCalls {
  readonly calls: LimitSeams
  readonly #config: WorkerConfig
  readonly #over: AbortSignal
  /** Limiters that the store knows by this lease, or is being told of. */
  readonly #defined: Map<string, { readonly rule: LimiterRule; readonly known: Promise<void> }>

  constructor(store: Store, lease: LeaseId, config: WorkerConfig, over: AbortSignal) {
    this.#config = config
    this.#over = over
    const known = Promise.resolve()
    this.#defined = new Map(config.limiters.map(({ name, rule }) => [name, { rule, known }]))
    this.calls = {
      defineLimiters: async (limiters) => {
        await Promise.all(limiters.map((limiter) => this.#define(store, lease, limiter)))
      },
      acquire: (request) => this.#reach(() => store.acquire(lease, request), { kind: 'gone' }),
      closeKeys: (request) => this.#reach(() => store.closeKeys(lease, request), 'gone'),
      correctCost: (request) => this.#reach(() => store.correctCost(lease, request), 'gone'),
    }
  }

  async #define(store: Store, lease: LeaseId, { name, rule }: Limiter): Promise<void> {
    const defined = this.#defined.get(name)
    if (defined !== undefined) {
      refuseOtherRule(name, defined.rule, rule)
      return defined.known
    }
    const known = this.#reach(() => store.defineLimiters(lease, [{ name, rule }]), undefined)
    this.#defined.set(name, { rule, known })
    // Refused, it is said again to the next step that names it.
    known.catch(() => this.#defined.delete(name))
    return known
  }

  async #reach<T>(call: () => Promise<T>, given: T): Promise<T> {
    const { clock } = this.#config
    for (let attempt = 1; !this.#over.aborted; attempt++) {
      try {
        return await call()
      } catch (error) {
        if (!StoreUnavailableError.is(error)) throw error
        await pause(clock, backoffMs(attempt, clock.random()), this.#over)
      }
    }
    return given
  }
}
