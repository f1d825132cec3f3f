import { refusalText } from '../describe/protection-text.ts'
import type { CancelTimer, Clock } from '../model/clock.ts'
import { AbortedError } from '../model/errors.ts'
import { formatDuration } from '../model/format-duration.ts'
import type { Logger } from '../model/job.ts'
import {
  type ProtectionHold,
  type ProtectionState,
  type ProtectionStatus,
  startsUnprotected,
} from '../model/protection.ts'
import type { HolderRules } from './holder-rules.ts'
import {
  blockOf,
  type HolderEffect,
  type HolderEvent,
  type HolderState,
  initialState,
  type LossReason,
  leftMs,
  type Moment,
} from './holder-state.ts'
import { stepHolder } from './holder-step.ts'
import { mayAsk, mayClaim, stateOf, statusOf, wakeAt } from './holder-view.ts'
import type { ProtectionReply, ProtectionTransport } from './protection-reply.ts'

export interface TaskHolderDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly transport: ProtectionTransport
}

/**
 * The one holder of a task's protection in this process: it executes what `stepHolder` decides. It sends the calls,
 * sets one timer, notifies the holds, and logs; it has no rules of its own.
 */
export class TaskHolder {
  readonly #rules: HolderRules
  readonly #deps: TaskHolderDeps
  readonly #holds = new Set<AbortController>()
  readonly #waiters = new Set<(isProtected: boolean) => void>()
  readonly #listeners = new Set<() => void>()
  #state: HolderState
  #cancelTimer: CancelTimer = () => undefined
  #shown = ''
  #loggedKind: ProtectionState['kind'] = 'idle'
  #closed = false
  #inFlight: Promise<void> = Promise.resolve()

  constructor(rules: HolderRules, deps: TaskHolderDeps) {
    this.#rules = rules
    this.#deps = deps
    this.#state = initialState(rules)
  }

  get rules(): HolderRules {
    return this.#rules
  }

  get status(): ProtectionStatus {
    return statusOf(this.#rules, this.#state, this.#now)
  }

  get mayClaimProtected(): boolean {
    return mayClaim(this.#rules, this.#state, this.#now)
  }

  get mayAsk(): boolean {
    return mayAsk(this.#rules, this.#state, this.#now)
  }

  get keepsSlotFree(): boolean {
    const state = stateOf(this.#rules, this.#state, this.#now)
    return state.kind === 'asking' && state.keepsSlot
  }

  /** Handles an event of the worker. */
  on(event: Exclude<HolderEvent, { kind: 'answer' | 'acquire' | 'release' | 'tick' }>): void {
    this.#dispatch(event)
  }

  onChange(listener: () => void): () => void {
    const own = (): void => listener()
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  acquire(): ProtectionHold {
    const ended = new AbortController()
    const admitted = startsUnprotected[this.#rules.mode] || !this.#isClosed
    this.#holds.add(ended)
    this.#dispatch({ kind: 'acquire' })
    return {
      signal: ended.signal,
      confirm: () => this.#confirm(admitted),
      release: () => {
        if (this.#holds.delete(ended)) this.#dispatch({ kind: 'release' })
      },
      withdraw: () => {
        if (this.#holds.delete(ended)) this.#dispatch({ kind: 'withdraw' })
      },
    }
  }

  /** Drains, and resolves when the call in flight and the release that may follow it have ended. */
  async close(): Promise<void> {
    this.#dispatch({ kind: 'drain' })
    while (this.#state.call !== undefined) await this.#inFlight
    this.#closed = true
    this.#cancelTimer()
    this.#deps.transport.close()
  }

  get #now(): number {
    return this.#deps.clock.elapsed()
  }

  /** Whether it takes no new users, although it may still be protected. */
  get #isClosed(): boolean {
    const block = blockOf(this.#rules, this.#state, this.#now)
    return block !== undefined && block !== 'refused'
  }

  get #suffices(): boolean {
    return leftMs(this.#state, this.#now) >= this.#rules.marginMs
  }

  async #confirm(admitted: boolean): Promise<boolean> {
    if (!admitted) return false
    // Without users the hold itself asks; a request would also keep a slot free for a run that has one.
    if (!this.#suffices && this.#state.grant !== undefined) this.#dispatch({ kind: 'want' })
    if (startsUnprotected[this.#rules.mode] || this.#suffices) return true
    if (!this.#isAsking) return false
    const { clock } = this.#deps
    return new Promise((resolve) => {
      const decide = (isProtected: boolean): void => {
        this.#waiters.delete(decide)
        cancel()
        resolve(isProtected)
      }
      const cancel = clock.after(this.#rules.waitMs, () => decide(this.#suffices))
      this.#waiters.add(decide)
    })
  }

  get #isAsking(): boolean {
    return this.#state.askingSince !== undefined
  }

  /** May be called while an effect of an earlier event is executed: the state is the new one by then. */
  #dispatch(event: HolderEvent): void {
    if (this.#closed) return
    const { clock } = this.#deps
    const at: Moment = { now: this.#now, wall: clock.now(), random: clock.random() }
    const { state, effects } = stepHolder(this.#rules, this.#state, event, at)
    this.#state = state
    for (const effect of effects) this.#carryOut(effect)
    this.#setTimer()
    this.#logKind()
    this.#tellWaiters()
    this.#tellListeners()
  }

  #carryOut(effect: HolderEffect): void {
    const { log } = this.#deps
    switch (effect.kind) {
      case 'call':
        this.#inFlight = this.#call(effect)
        return
      case 'lost':
        log.warn({ protection: effect.why, users: this.#holds.size }, lossText(effect.why, effect.untilMs))
        for (const hold of [...this.#holds]) hold.abort(new AbortedError('protection lost'))
        return
      case 'refused':
        // One log line per cause, however often it's repeated.
        if (effect.repeated) return
        log.warn(
          { protection: effect.refusal.code, detail: effect.refusal.detail },
          this.#refusalLine(effect.refusal),
        )
        return
      case 'confirmed':
        if (effect.afterRefusals > 0)
          log.info({ afterRefusals: effect.afterRefusals }, 'the task is protected again')
        return
    }
  }

  #refusalLine(refusal: Extract<HolderEffect, { kind: 'refused' }>['refusal']): string {
    const { reason, state } = this.status
    // A task that takes no protected runs says so instead of the consequences of the refusal.
    return state.kind === 'refused' ? reason : `${refusalText(refusal)}; ${reason}`
  }

  async #call({ id, action, minutes }: Extract<HolderEffect, { kind: 'call' }>): Promise<void> {
    const { transport } = this.#deps
    const over = new AbortController()
    const request =
      action === 'protect' ? ({ enabled: true, minutes } as const) : ({ enabled: false } as const)
    const answer = await this.#withDeadline(transport.update(request, over.signal), over)
    this.#dispatch({ kind: 'answer', id, answer })
  }

  #withDeadline(call: Promise<ProtectionReply>, over: AbortController): Promise<ProtectionReply> {
    const { deadlineMs } = this.#rules
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(deadlineMs, () => {
        resolve({ kind: 'lost', detail: `no reply within ${formatDuration(deadlineMs)}` })
        over.abort()
      })
      void call.then((answer) => {
        cancel()
        resolve(answer)
      })
    })
  }

  #setTimer(): void {
    this.#cancelTimer()
    const at = wakeAt(this.#rules, this.#state, this.#now)
    if (!Number.isFinite(at)) return
    // A timer may fire a little early: the next one is set then.
    this.#cancelTimer = this.#deps.clock.after(at - this.#now, () => this.#dispatch({ kind: 'tick' }))
  }

  /** The states whose effects a user of the worker sees. A newer revision is logged where it was found. */
  #logKind(): void {
    const state = stateOf(this.#rules, this.#state, this.#now)
    if (state.kind === this.#loggedKind) return
    this.#loggedKind = state.kind
    const isNews = state.kind === 'resting' || (state.kind === 'closing' && state.cause === 'total')
    if (isNews) this.#deps.log.info({ protection: state.kind }, this.status.reason)
  }

  #tellWaiters(): void {
    if (!this.#suffices && this.#isAsking) return
    for (const decide of [...this.#waiters]) decide(this.#suffices)
  }

  #tellListeners(): void {
    const shown = [this.mayClaimProtected, this.mayAsk, this.keepsSlotFree, this.#state.shared].join()
    if (shown === this.#shown) return
    this.#shown = shown
    for (const listener of [...this.#listeners]) listener()
  }
}

function lossText(why: LossReason, untilMs: number): string {
  const left = untilMs > 0 ? `in ${formatDuration(untilMs)} at the latest` : 'now'
  switch (why) {
    case 'renewal refused':
      return `the task's protection can't be renewed; it ends ${left}, and its protected runs are notified`
    case 'expired':
      return "the task's protection expired before it was renewed; its protected runs are notified"
    case 'total':
      return `the task has been protected for maxTotal; its protection ends ${left}, and its protected runs are notified`
  }
}
