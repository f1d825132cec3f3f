import type { LeaseListener } from '../execution/lease-listener.ts'
import type { Macrotasks } from '../execution/macrotasks.ts'
import type { Outbox } from '../execution/outbox.ts'
import { type CancelTimer, pause } from '../model/clock.ts'
import { outageKindOf, StoreUnavailableError } from '../model/errors.ts'
import { type Hook, hooksOf, through } from '../model/middleware.ts'
import { toStoredError } from '../model/stored-error.ts'
import { untilReplied } from '../model/until-replied.ts'
import { type ClaimReply, type ClaimRequest, type LeaseId, maxPollMs, type Store } from '../store/store.ts'
import type { Reconciler } from './reconciler.ts'
import type { RunProtection } from './run-protection.ts'
import type { SlotTable } from './slot-table.ts'
import type { WorkerConfig } from './worker-options.ts'

type Claimed = Extract<ClaimReply, { kind: 'claimed' }>

const afterDefectMs = 1_000
/** Without a free slot the loop still wakes this often. */
const idleMs = 10_000
/**
 * From this many slots on, a claim takes at most half of them: the other half keeps working while the store searches
 * for runs.
 */
const manySlots = 50

export interface ClaimLoopDeps {
  readonly store: Pick<Store, 'claim'>
  readonly lease: LeaseId
  readonly config: Pick<WorkerConfig, 'clock' | 'concurrency' | 'log' | 'middleware'>
  readonly slots: SlotTable
  readonly outbox: Outbox
  readonly protection: RunProtection
  readonly reconciler: Reconciler
  readonly macrotasks: Macrotasks
  readonly over: AbortSignal
  readonly listener: Pick<LeaseListener, 'lost' | 'ordered'>
}

/**
 * Fills free slots and settles ended runs, claim by claim, until the lease is over.
 * W1  At most two claims are in flight, in the order of their numbers, and each is repeated until it gets a reply (R13).
 * With many slots, a claim asks for at most half of them: the worker executes the runs of one claim while the store works
 * on the next. With few slots, the first claim asks for all.
 * W2  Ended runs are settled together with the next claim (R2).
 */
export class ClaimLoop {
  readonly #deps: ClaimLoopDeps
  readonly #hooks: readonly Hook<'claim'>[]
  readonly #inFlight = new Set<Promise<void>>()
  /** Slots that claims in flight may fill. */
  #askedFor = 0
  /** Number of the newest claim (R13). */
  #n = 0
  #isHinted = true
  #nextClaimAt = 0
  /** Whether the store has more runs for this worker than the newest reply brought. */
  #isMore = false
  #usedMacrotask = -1
  #wake: () => void = () => undefined
  #ended: Promise<void> = Promise.resolve()

  constructor(deps: ClaimLoopDeps) {
    this.#deps = deps
    this.#hooks = hooksOf(deps.config.middleware, 'claim')
  }

  begin(): void {
    this.#ended = this.#run()
  }

  /** Tells the loop that the store may have runs to claim, or an order for this worker. */
  hint(): void {
    this.#isHinted = true
    this.#wake()
  }

  /** The loop sleeps until something changes; this wakes it. */
  wake(): void {
    this.#wake()
  }

  /** Resolves when the loop has ended. It ends once `over` is aborted. */
  async end(): Promise<void> {
    this.#wake()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { over, reconciler } = this.#deps
    while (!over.aborted) {
      if (this.#inFlight.size === 0) await reconciler.whenDue()
      if (this.#mayClaim()) this.#send()
      await this.#sleepUntilNeeded()
      await this.#macrotaskEnd()
    }
    await Promise.all(this.#inFlight)
  }

  /**
   * Waits for the end of the macrotask, so that runs that end in it are settled by one claim. Two rounds never share a
   * macrotask: if they did, a store that replies at once would starve the event loop.
   */
  async #macrotaskEnd(): Promise<void> {
    const { macrotasks, config } = this.#deps
    const isUsed = macrotasks.current === this.#usedMacrotask
    await new Promise<void>((resolve) => {
      if (isUsed) macrotasks.later(resolve)
      else config.clock.atMacrotaskEnd(resolve)
    })
    this.#usedMacrotask = macrotasks.current
  }

  /** Free slots that no claim in flight may fill. */
  get #free(): number {
    return Math.max(0, this.#deps.slots.free - this.#askedFor)
  }

  #mayClaim(): boolean {
    const { outbox, reconciler, config } = this.#deps
    if (this.#inFlight.size === 0) {
      return (
        outbox.hasSettlements ||
        this.#isHinted ||
        (this.#free > 0 && config.clock.elapsed() >= this.#nextClaimAt)
      )
    }
    const isSecond =
      this.#inFlight.size === 1 && this.#free >= Math.max(1, Math.floor(config.concurrency / 2))
    return isSecond && (outbox.hasSettlements || this.#isMore) && reconciler.dueInMs >= 0
  }

  #send(): void {
    const claim = this.#round().finally(() => {
      this.#inFlight.delete(claim)
      this.#wake()
    })
    this.#inFlight.add(claim)
  }

  /** Sends one claim with the settlements; never rejects. */
  async #round(): Promise<void> {
    const { outbox, over, config } = this.#deps
    const free = this.#free
    try {
      const wasSent = free > 0 && (await this.#claimThroughHooks(free))
      // A middleware may hold the claim back. Settlements don't wait for it, and an order that a hint announces doesn't
      // either.
      if (!wasSent && (outbox.hasSettlements || this.#isHinted)) {
        this.#isHinted = false
        await this.#claim(0)
      }
    } catch (error) {
      config.log.error({ err: toStoredError(error) }, 'the worker failed at a claim; it goes on')
      await pause(config.clock, afterDefectMs, over)
    }
  }

  /** Resolves to whether the middleware let the claim pass. */
  async #claimThroughHooks(free: number): Promise<boolean> {
    const { clock, concurrency, log } = this.#deps.config
    this.#isHinted = false
    // The reply to this claim sets a new time. If a middleware holds the claim back, the next one is due at this time.
    this.#nextClaimAt = clock.elapsed() + maxPollMs
    let wasSent = false
    const max = concurrency < manySlots ? free : Math.min(free, Math.ceil(concurrency / 2))
    // Reserves the slots while a slow hook runs. Otherwise a second claim could take them and be sent before this one.
    // Then this one, now the newest, would ask for none, which tells the store that no slot is free (R13).
    let reserved = max
    this.#askedFor += reserved
    const release = (): void => {
      this.#askedFor -= reserved
      reserved = 0
    }
    const next = (): Promise<number> => {
      wasSent = true
      release()
      return this.#claim(Math.min(max, this.#free))
    }
    const context = { free, running: this.#deps.slots.size }
    await through(this.#hooks, context, next).catch((error: unknown) =>
      log.error({ err: toStoredError(error) }, 'a middleware threw around a claim'),
    )
    release()
    return wasSent
  }

  /** Sends one claim until it gets a reply, and starts the runs of the reply. Resolves to their number. */
  async #claim(max: number): Promise<number> {
    const { outbox, protection, over, listener } = this.#deps
    const settling = outbox.takeSettlements()
    const cover = protection.claim(max)
    this.#askedFor += max
    const { reply, isNewest } = await this.#untilClaimed({ max, ...cover.request }, settling)
    this.#askedFor -= max
    if (reply.kind === 'claimed') {
      settling.settled(reply.settled)
      this.#take(reply, isNewest)
      cover.replied({ broughtProtected: reply.runs.some((run) => run.protect), asks: reply.ask })
      return reply.runs.length
    }
    cover.end()
    settling.settled([])
    if (!over.aborted) listener.lost()
    return 0
  }

  async #untilClaimed(
    request: ClaimRequest,
    settling: ReturnType<Outbox['takeSettlements']>,
  ): Promise<{ readonly reply: ClaimReply; readonly isNewest: boolean }> {
    const { store, lease, config, over, reconciler } = this.#deps
    const { clock, log } = config
    let { entries } = settling
    let n = ++this.#n
    let hasFailed = false
    const call = async (): Promise<ClaimReply> => {
      try {
        return await store.claim(lease, n, request, entries)
      } catch (error) {
        hasFailed = true
        if (StoreUnavailableError.is(error) || entries.length === 0) throw error
        await settling.sendSingly()
        entries = []
        n = ++this.#n
        return store.claim(lease, n, request, entries)
      }
    }
    const onFailure = (error: unknown, attempt: number): void => {
      if (outageKindOf(error) === undefined) {
        log.warn({ err: toStoredError(error), attempt }, 'a claim failed; asking again')
      }
    }
    const reply = await untilReplied(call, { clock, over, onFailure }, { kind: 'lost' } as const)
    // R14: the store was unreachable; it may have come back with an older state.
    if (hasFailed) reconciler.soon()
    return { reply, isNewest: n === this.#n }
  }

  #take({ runs, orders, more, nextDueInMs = maxPollMs }: Claimed, isNewest: boolean): void {
    const { slots, config, listener, over } = this.#deps
    // W3: the lease is lost, and the slots know it. The runs of this reply continue on other workers.
    if (over.aborted) return
    for (const run of runs) slots.start(run)
    listener.ordered(orders)
    if (!isNewest) return
    this.#isMore = more
    const waitMs = Math.min(nextDueInMs, maxPollMs)
    const jitterMs = waitMs === maxPollMs ? config.clock.random() * 200 : 1
    this.#nextClaimAt = config.clock.elapsed() + (more ? 0 : waitMs + jitterMs)
  }

  async #sleepUntilNeeded(): Promise<void> {
    const { over, config } = this.#deps
    if (over.aborted || this.#mayClaim()) return
    const ms = this.#dueInMs
    if (ms <= 0) return
    let cancel: CancelTimer = () => undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      // Each claim in flight wakes the loop when it ends.
      if (this.#inFlight.size === 0) cancel = config.clock.after(ms, resolve)
    })
    cancel()
    this.#wake = () => undefined
  }

  get #dueInMs(): number {
    const { reconciler, config } = this.#deps
    if (this.#inFlight.size > 0) return Number.POSITIVE_INFINITY
    const claimInMs = this.#free > 0 ? this.#nextClaimAt - config.clock.elapsed() : idleMs
    return Math.min(reconciler.dueInMs, claimInMs)
  }
}
