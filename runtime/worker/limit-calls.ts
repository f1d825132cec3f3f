import type { LimitStore } from '../execution/limit-requests.ts'
import type { Limiter, LimiterRule } from '../model/limiter.ts'
import { untilReplied } from '../model/until-replied.ts'
import { refuseOtherRule } from '../store/limiter-rules.ts'
import type { AcquireReply, AcquireRequest, CostCorrection, StepUse } from '../store/limiters.ts'
import type { LeaseId, Store } from '../store/store.ts'
import type { WorkerConfig } from './worker-options.ts'

/** The limiter calls of the steps of a lease: each is repeated until the store replies or the lease is over. */
export class LimitCalls implements LimitStore {
  readonly #store: Store
  readonly #lease: LeaseId
  readonly #config: Pick<WorkerConfig, 'clock' | 'limiters'>
  readonly #over: AbortSignal
  /** Limiters that the store knows by this lease, or that are being registered. */
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

  acquire(request: AcquireRequest): Promise<AcquireReply> {
    return this.#until(() => this.#store.acquire(this.#lease, request), { kind: 'gone' })
  }

  closeKeys(request: StepUse & { readonly closedMs: number }): Promise<'closed' | 'gone'> {
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
    // If refused, the next step that names it gets the error again.
    known.catch(() => this.#defined.delete(name))
    return known
  }

  /** Resolves to `onceOver` when the lease is over before the store replied. */
  #until<T>(call: () => Promise<T>, onceOver: T): Promise<T> {
    return untilReplied(call, { clock: this.#config.clock, over: this.#over }, onceOver)
  }
}
