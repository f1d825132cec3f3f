import { randomUUID } from 'node:crypto'
import { Committer, entryBytes } from '../execution/committer.ts'
import { Slot } from '../execution/slot.ts'
import { backoffMs, type CancelTimer, endsWithin, pause } from '../model/clock.ts'
import { outageKindOf, StoreUnavailableError } from '../model/errors.ts'
import { hooksOf, through } from '../model/middleware.ts'
import type { RunId } from '../model/run-id.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { OpenStep } from '../store/open-steps.ts'
import {
  type ClaimAnswer,
  type ClaimedRun,
  commitLimits,
  type EntryAnswer,
  type JournalPage,
  type LeaseId,
  longestPollMs,
  type Orders,
  type Settlement,
  type Store,
  type Unsubscribe,
} from '../store/store.ts'
import type { RunDrainPlan } from '../store/worker-drain.ts'
import { LimitCalls } from './limit-calls.ts'
import { withFields } from './logger.ts'
import type { RunCover, RunProtection } from './run-protection.ts'
import type { WorkerConfig } from './worker-options.ts'

interface PendingSettlement {
  readonly settlement: Settlement
  readonly resolve: (answer: EntryAnswer) => void
}

type Claimed = Extract<ClaimAnswer, { kind: 'claimed' }>

const reconcileEveryMs = 10_000
const afterDefectMs = 1_000
/** A worker without runs compares nothing but whether the store knows of one. */
const reconcileIdleEveryMs = 30_000
/** From this many slots on a claim takes half of them at most: while the store looks for more, the others go on. */
const manySlots = 50
const unwindGraceMs = 5_000

export interface LeaseSessionSeams {
  /** Stays of this process by run, over all its leases: a run is never in two bodies of one process (R18). */
  readonly stays: Map<RunId, Promise<void>>
  readonly protection: RunProtection
  readonly onDrainOrder: () => void
  readonly onLost: () => void
}

/**
 * A worker's work under one lease: claims, slots and settlements, until the lease is resigned or lost.
 * W1  One claim is in flight at a time, and a claim is repeated until it is answered (R13).
 * W2  What ended is settled together with the next claim (R2).
 * W3  Once the lease is lost nothing is written any more and every slot's signal aborts.
 */
export class LeaseSession {
  readonly lease: LeaseId = randomUUID()
  readonly #store: Store
  readonly #config: WorkerConfig
  readonly #seams: LeaseSessionSeams
  readonly #slots = new Map<RunId, Slot>()
  readonly #over = new AbortController()
  readonly #committer: Committer
  readonly #limitCalls: LimitCalls
  readonly #settling = new Set<Slot>()
  #pending: PendingSettlement[] = []
  #n = 0
  #draining = false
  #hinted = true
  #wakeLoop: () => void = () => undefined
  #nextClaimAt = 0
  #reconciledAt: number
  #loop: Promise<void> = Promise.resolve()
  #stopListening: Unsubscribe = () => undefined

  constructor(store: Store, config: WorkerConfig, seams: LeaseSessionSeams) {
    this.#store = store
    this.#config = config
    this.#seams = seams
    this.#reconciledAt = config.clock.elapsed()
    this.#committer = new Committer(store, this.lease, config.clock, {
      onOrders: (orders) => this.obey(orders),
      abandoned: this.#over.signal,
    })
    this.#limitCalls = new LimitCalls(store, this.lease, config, this.#over.signal)
  }

  begin(): void {
    this.#stopListening = this.#store.onWakeup(this.lease, (why) => {
      // R14: the store may have come back with an older state.
      if (why === 'reconnected') this.#reconciledAt = Number.NEGATIVE_INFINITY
      this.hint()
    })
    this.#loop = this.#work()
  }

  /** Something may be there to claim, or an order. */
  hint(): void {
    this.#hinted = true
    this.#wakeLoop()
  }

  obey(orders: Orders): void {
    for (const id of orders.cancel) this.#slots.get(id)?.stop({ kind: 'cancelled' })
    for (const id of orders.granted) this.#slots.get(id)?.limitsOpened()
    if (orders.drain && !this.#draining) this.#seams.onDrainOrder()
  }

  /** Takes no more runs and hands over those it has, each at its next step edge. */
  drain(): void {
    this.#draining = true
    // One more claim, of nothing: nobody is to wake this worker for new runs any more.
    this.#hinted = true
    for (const slot of this.#slots.values()) slot.stop({ kind: 'draining' })
    this.#wakeLoop()
  }

  /** Resolves when no slot is taken. */
  async empty(): Promise<void> {
    while (this.#slots.size > 0) {
      await Promise.race([...this.#slots.keys()].map((id) => this.#seams.stays.get(id)))
    }
  }

  /** Per run, the step in which it has been for longest. */
  get openSteps(): readonly OpenStep[] {
    return [...this.#slots.values()].flatMap(({ openStep }) => openStep ?? [])
  }

  /** What becomes of the runs it holds while it drains, those in a step first. */
  get drainPlan(): readonly RunDrainPlan[] {
    const plans = [...this.#slots.values()].map(({ drainPlan }) => drainPlan)
    const isInStep = ({ plan }: RunDrainPlan): boolean => plan !== 'handing over'
    return [...plans.filter(isInStep), ...plans.filter((plan) => !isInStep(plan))]
  }

  /** How many runs it holds. */
  get held(): number {
    return this.#slots.size
  }

  /** Whether a body runs that must not be handed over (R12). */
  get insideOnce(): boolean {
    return [...this.#slots.values()].some((slot) => slot.insideOnce)
  }

  /** Resolves when the runs that are inside such a body now have left their slots, its end stored. */
  async onceEnded(): Promise<void> {
    const inside = [...this.#slots].filter(([, slot]) => slot.insideOnce)
    await Promise.all(inside.map(([id]) => this.#seams.stays.get(id)))
  }

  /** Gives up what is still in a slot, but for at-most-once bodies: the lease stays theirs until they have ended. */
  async handOverAll(): Promise<void> {
    const keep = [...this.#slots].filter(([, slot]) => slot.insideOnce).map(([id]) => id)
    for (const [id, slot] of this.#slots) if (!keep.includes(id)) slot.stop({ kind: 'lost' })
    await this.#store.resign(this.lease, keep)
  }

  /**
   * Ends the session. What is still in a slot is given up: its signals abort, it writes nothing more, and the
   * resigned lease hands it to the next worker.
   */
  async resign(): Promise<void> {
    for (const slot of this.#slots.values()) slot.stop({ kind: 'lost' })
    await this.#end()
    await this.#store.resign(this.lease, [])
  }

  /** W3. */
  async lose(): Promise<void> {
    for (const slot of this.#slots.values()) slot.stop({ kind: 'lost' })
    await this.#end()
  }

  async #end(): Promise<void> {
    this.#over.abort()
    this.#stopListening()
    this.#wakeLoop()
    await this.#loop
    for (const { resolve } of this.#pending.splice(0)) resolve({ kind: 'gone' })
  }

  async #work(): Promise<void> {
    while (!this.#over.signal.aborted) {
      try {
        await this.#round()
      } catch (error) {
        this.#config.log.error({ err: toStoredError(error) }, 'the worker failed at a claim; it goes on')
        await pause(this.#config.clock, afterDefectMs, this.#over.signal)
      }
      await this.#sleepUntilNeeded()
      // What ends in the same turn of the event loop is settled by the same claim.
      await this.#turnOfEventLoop()
    }
  }

  #turnOfEventLoop(): Promise<void> {
    return new Promise((resolve) => this.#config.clock.soon(resolve))
  }

  /** Free slots: runs that only wait hold none, and those to be settled with the next claim (W2) leave theirs. */
  #free(): number {
    if (this.#draining) return 0
    let busy = 0
    for (const slot of this.#slots.values()) if (!slot.idle && !this.#settling.has(slot)) busy++
    const kept = this.#seams.protection.keepsSlotFree ? 1 : 0
    return Math.max(0, this.#config.concurrency - busy - kept)
  }

  async #round(): Promise<void> {
    const { clock, log, middleware } = this.#config
    if (clock.elapsed() - this.#reconciledAt > this.#reconcileEveryMs) await this.#reconcile()
    const free = this.#free()
    const due = this.#hinted || clock.elapsed() >= this.#nextClaimAt
    let claimed = false
    if (free > 0 && (due || this.#pending.length > 0)) {
      this.#hinted = false
      // A claim moves it; when a middleware holds this one back, the next one comes by polling.
      this.#nextClaimAt = clock.elapsed() + longestPollMs
      const context = { free, running: this.#slots.size }
      const next = (): Promise<number> => {
        claimed = true
        const { concurrency } = this.#config
        return this.#claim(concurrency < manySlots ? free : Math.min(free, Math.ceil(concurrency / 2)))
      }
      await through(hooksOf(middleware, 'claim'), context, next).catch((error: unknown) =>
        log.error({ err: toStoredError(error) }, 'a middleware threw around a claim'),
      )
    }
    // Settlements do not wait for a claim that a middleware holds back; a hint may be an order.
    if (!claimed && (this.#pending.length > 0 || this.#hinted)) {
      this.#hinted = false
      await this.#claim(0)
    }
  }

  /** What is settled with the next claim: as much as one call may carry (R24). */
  #takePending(): PendingSettlement[] {
    let bytes = 0
    const tooMany = this.#pending.findIndex(({ settlement }, i) => {
      bytes += entryBytes(settlement)
      return i === commitLimits.entries || (i > 0 && bytes > commitLimits.bytes)
    })
    return this.#pending.splice(0, tooMany === -1 ? this.#pending.length : tooMany)
  }

  /** One claim, repeated until answered; starts what it brought. Answers how many runs that were. */
  async #claim(max: number): Promise<number> {
    const { clock, log } = this.#config
    const settling = this.#takePending()
    const entries = settling.map(({ settlement }) => settlement)
    const cover = this.#seams.protection.claim(max)
    let n = ++this.#n
    for (let attempt = 1; !this.#over.signal.aborted; attempt++) {
      try {
        const answer = await this.#store.claim(this.lease, n, { max, ...cover.request }, entries)
        if (answer.kind === 'lost') break
        for (const [i, { resolve }] of settling.entries()) resolve(answer.settled[i] ?? { kind: 'gone' })
        this.#take(answer)
        cover.replied({ broughtProtected: answer.runs.some((run) => run.protect), asks: answer.ask })
        // R14: the store was away; it may have come back with an older state.
        if (attempt > 1) this.#reconciledAt = Number.NEGATIVE_INFINITY
        return answer.runs.length
      } catch (error) {
        if (!StoreUnavailableError.is(error) && settling.length > 0) {
          await this.#settleSingly(settling.splice(0))
          entries.length = 0
          n = ++this.#n
          continue
        }
        if (outageKindOf(error) === undefined) {
          log.warn({ err: toStoredError(error), attempt }, 'a claim failed; asking again')
        }
        await pause(clock, backoffMs(attempt, clock.random()), this.#over.signal)
      }
    }
    cover.end()
    for (const { resolve } of settling) resolve({ kind: 'gone' })
    if (!this.#over.signal.aborted) this.#seams.onLost()
    return 0
  }

  /** R24: one settlement that the store can't carry out fails alone, and blocks its run with the reason. */
  async #settleSingly(settling: readonly PendingSettlement[]): Promise<void> {
    for (const { settlement, resolve } of settling) {
      const answers = await this.#committer.submit(settlement).catch((error: unknown) => {
        const { message } = toStoredError(error)
        this.#config.log.error(
          { run: settlement.run, reason: message },
          'a run could not be settled; it is blocked',
        )
        const outcome = {
          kind: 'blocked',
          reason: `its end can't be stored: ${message}`,
          digest: '',
        } as const
        return this.#committer.submit({ ...settlement, outcome }).catch(() => ({ kind: 'gone' }) as const)
      })
      resolve(answers)
    }
  }

  #take(answer: Claimed): void {
    for (const run of answer.runs) this.#start(run)
    this.obey(answer.orders)
    const waitMs = answer.more ? 0 : Math.min(answer.nextDueInMs ?? longestPollMs, longestPollMs)
    const jitter = waitMs === longestPollMs ? this.#config.clock.random() * 200 : 1
    this.#nextClaimAt = this.#config.clock.elapsed() + (answer.more ? 0 : waitMs + jitter)
  }

  #start(run: ClaimedRun): void {
    const { clock, jobs, log, middleware, registered, store } = this.#config
    const job = jobs.get(run.job)
    const digest = registered.find(({ name }) => name === run.job)?.digest ?? ''
    if (job === undefined) {
      const { id, fence, position } = run
      const reason = `worker ${this.#config.name} got it without knowing its job '${run.job}'`
      log.error({ run: id, reason }, 'a run is blocked')
      const outcome = { kind: 'blocked', reason, digest } as const
      this.#committer.submit({ kind: 'settle', run: id, fence, position, outcome }).catch(() => undefined)
      return
    }
    const cover = this.#seams.protection.cover({
      id: run.id,
      needsProtection: run.protect === true,
      onLost: () => slot.stop({ kind: 'unprotected' }),
    })
    const slot: Slot = new Slot(run, job, {
      clock,
      log: withFields(log, { run: run.id, job: run.job }),
      middleware,
      maxValueBytes: store.maxValueBytes,
      digest,
      onIdle: () => this.hint(),
      coverOnce: () => cover.coverOnce(),
      submit: (entry) => this.#committer.submit(entry),
      settle: (settlement) => this.#settle(slot, settlement),
      readPage: (of, from) => this.#readPage(of, from),
      ...this.#limitCalls.calls,
    })
    const { stays } = this.#seams
    const stay = this.#occupy(slot, stays.get(run.id), cover)
      .catch((error: unknown) => {
        log.error(
          { run: run.id, err: toStoredError(error) },
          'a run left its slot by an error of the runtime',
        )
        // Its end is not stored: the store hands it out again.
        this.#reconciledAt = Number.NEGATIVE_INFINITY
      })
      .finally(() => {
        // The claim that settled this stay may have brought the run back: by now both places can be the next stay's.
        if (this.#slots.get(run.id) === slot) this.#slots.delete(run.id)
        if (stays.get(run.id) === stay) stays.delete(run.id)
        this.#settling.delete(slot)
        cover.end()
        this.#wakeLoop()
      })
    this.#slots.set(run.id, slot)
    stays.set(run.id, stay)
    if (this.#draining) slot.stop({ kind: 'draining' })
  }

  /**
   * A run whose older stay still unwinds in this process waits for it, or is handed back; so is one that needs protection
   * which the task has lost since the claim was sent.
   */
  async #occupy(slot: Slot, older: Promise<void> | undefined, cover: RunCover): Promise<void> {
    const { clock, log } = this.#config
    const { id, fence, position } = slot.run
    const isFree = older === undefined || (await endsWithin(clock, older, unwindGraceMs))
    if (!isFree || !(await cover.mayBegin())) {
      await this.#settle(slot, { kind: 'settle', run: id, fence, position, outcome: { kind: 'released' } })
    } else {
      const start = clock.elapsed()
      const { job, attempt, losses } = slot.run
      const resumed = position > 0 || losses > 0
      if (resumed) log.info({ run: id, job, position, losses }, 'a run goes on from its stored steps')
      else log.debug({ run: id, job, attempt }, 'a run entered a slot')
      const outcome = await slot.occupy()
      log.info(
        { run: id, job: slot.run.job, outcome, ms: Math.round(clock.elapsed() - start) },
        'a run left its slot',
      )
      if (outcome === 'lost') this.#reconciledAt = Number.NEGATIVE_INFINITY
    }
  }

  /** Asks until the store answers: a run is not to be blamed for a store that can't be reached. */
  async #readPage({ id, fence }: ClaimedRun, from: number): Promise<JournalPage | 'gone'> {
    const { clock } = this.#config
    for (let attempt = 1; !this.#over.signal.aborted; attempt++) {
      try {
        return await this.#store.readJournal(this.lease, id, fence, from)
      } catch (error) {
        if (!StoreUnavailableError.is(error)) throw error
        await pause(clock, backoffMs(attempt, clock.random()), this.#over.signal)
      }
    }
    return 'gone'
  }

  async #settle(slot: Slot, settlement: Settlement): Promise<EntryAnswer> {
    if (this.#over.signal.aborted) return { kind: 'gone' }
    this.#settling.add(slot)
    const answer = await new Promise<EntryAnswer>((resolve) => {
      this.#pending.push({ settlement, resolve })
      this.#wakeLoop()
    })
    if (answer.kind === 'continue') this.#settling.delete(slot)
    return answer
  }

  /** R14: with no claim in flight, worker and store compare what is held. */
  async #reconcile(): Promise<void> {
    const { clock, log } = this.#config
    this.#reconciledAt = clock.elapsed()
    const held = [...this.#slots.values()].map(({ run }) => ({ run: run.id, fence: run.fence }))
    try {
      const answer = await this.#store.reconcile(this.lease, held)
      if (answer === 'lost') this.#seams.onLost()
      else for (const id of answer.drop) this.#slots.get(id)?.stop({ kind: 'lost' })
    } catch (error) {
      if (outageKindOf(error) === undefined) {
        log.warn({ err: toStoredError(error) }, 'held runs could not be compared with the store')
      }
    }
  }

  get #reconcileEveryMs(): number {
    return this.#slots.size > 0 ? reconcileEveryMs : reconcileIdleEveryMs
  }

  async #sleepUntilNeeded(): Promise<void> {
    if (this.#over.signal.aborted || this.#pending.length > 0 || (this.#hinted && this.#free() > 0)) return
    const { clock } = this.#config
    const reconcileInMs = this.#reconciledAt + this.#reconcileEveryMs - clock.elapsed()
    const claimInMs = this.#free() > 0 ? this.#nextClaimAt - clock.elapsed() : reconcileEveryMs
    const ms = Math.min(reconcileInMs, claimInMs)
    if (ms <= 0 || this.#hinted) return
    let cancel: CancelTimer = () => undefined
    await new Promise<void>((resolve) => {
      this.#wakeLoop = resolve
      cancel = clock.after(ms, resolve)
    })
    cancel()
    this.#wakeLoop = () => undefined
  }
}
