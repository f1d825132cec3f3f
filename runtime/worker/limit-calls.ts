import type { LimitStore } from '../execution/limit-requests.ts'
import type { Limiter, LimiterRule } from '../model/limiter.ts'
import { untilAnswered } from '../model/until-answered.ts'
import { refuseOtherRule } from '../store/limiter-rules.ts'
import type { AcquireAnswer, AcquireRequest, CostCorrection, StepTurn } from '../store/limiters.ts'
import type { LeaseId, Store } from '../store/store.ts'
import type { WorkerConfig } from './worker-options.ts'

/** What the steps of a lease ask of limiters: each call is repeated until the store answers or the lease is over. */
export class LimitCalls implements LimitStore {
  readonly #store: Store
  readonly #lease: LeaseId
  readonly #config: Pick<WorkerConfig, 'clock' | 'limiters'>
  readonly #over: AbortSignal
  /** Limiters that the store knows by this lease, or is being told of. */
  readonly #defined: Map<string, { readonly rule: LimiterRule; readonly known: Promise<void> }>

  constructor(
    store: Store,
    lease: LeaseId,
    config: Pick<WorkerConfig, 'clock' | 'limiters'>,
    over: AbortSignal,
  ) {
    this.#store = store
    this.#lease = lease
    this.#config = config
    this.#over = over
    const known = Promise.resolve()
    this.#defined = new Map(config.limiters.map(({ name, rule }) => [name, { rule, known }]))
  }

  async defineLimiters(limiters: readonly Limiter[]): Promise<void> {
    await Promise.all(limiters.map((limiter) => this.#define(limiter)))
  }

  acquire(request: AcquireRequest): Promise<AcquireAnswer> {
    return this.#until(() => this.#store.acquire(this.#lease, request), { kind: 'gone' })
  }

  closeKeys(request: StepTurn & { readonly closedMs: number }): Promise<'closed' | 'gone'> {
    return this.#until(() => this.#store.closeKeys(this.#lease, request), 'gone')
  }

  correctCost(request: CostCorrection): Promise<'corrected' | 'gone'> {
    return this.#until(() => this.#store.correctCost(this.#lease, request), 'gone')
  }

  async #define({ name, rule }: Limiter): Promise<void> {
    const defined = this.#defined.get(name)
    if (defined !== undefined) {
      refuseOtherRule(name, defined.rule, rule)
      return defined.known
    }
    const known = this.#until(() => this.#store.defineLimiters(this.#lease, [{ name, rule }]), undefined)
    this.#defined.set(name, { rule, known })
    // Refused, it is said again to the next step that names it.
    known.catch(() => this.#defined.delete(name))
    return known
  }

  /** Resolves to `onceOver` when the lease is over before the store answered. */
  #until<T>(call: () => Promise<T>, onceOver: T): Promise<T> {
    return untilAnswered(call, { clock: this.#config.clock, over: this.#over }, onceOver)
  }
}
