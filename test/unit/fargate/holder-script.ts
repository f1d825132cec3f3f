import { type HolderRules, holderRules } from '../../../runtime/fargate/holder-rules.ts'
import {
  type HolderEffect,
  type HolderEvent,
  type HolderState,
  initialState,
} from '../../../runtime/fargate/holder-state.ts'
import { stepHolder } from '../../../runtime/fargate/holder-step.ts'
import { mayAsk, mayClaim, stateOf, wakeAt } from '../../../runtime/fargate/holder-view.ts'
import type { ProtectionReply } from '../../../runtime/fargate/protection-reply.ts'

export const ownTask = 'arn:aws:ecs:eu-central-1:111122223333:task/jobs/0a1b2c3d4e5f'
export const seconds = 1_000
export const minutes = 60 * seconds

/** Wall time at the origin of the monotonic clock. */
const wallOrigin = Date.UTC(2026, 10, 29)

interface SentCall {
  readonly at: number
  readonly action: 'protect' | 'unprotect'
  readonly minutes: number
}

/** Plays events and time against the rules, without a clock: time is a number. */
export class HolderScript {
  readonly rules: HolderRules
  readonly calls: SentCall[] = []
  readonly told: Extract<HolderEffect, { kind: 'lost' }>[] = []
  readonly refusals: Extract<HolderEffect, { kind: 'refused' }>[] = []
  state: HolderState
  now = 0
  random: () => number = () => 0.5
  /** Sees every step. */
  onStep: (effects: readonly HolderEffect[]) => void = () => undefined

  constructor({
    mode = 'required',
    periodMinutes = 5,
    maxTotalMs = 120 * minutes,
  }: Partial<Pick<HolderRules, 'mode' | 'periodMinutes' | 'maxTotalMs'>> = {}) {
    this.rules = holderRules({ mode, periodMinutes, maxTotalMs, minuteMs: minutes })
    this.state = initialState(this.rules)
  }

  /** With the task's ARN known. */
  static ready(options: ConstructorParameters<typeof HolderScript>[0] = {}): HolderScript {
    const script = new HolderScript(options)
    script.on({ kind: 'task', arn: ownTask })
    return script
  }

  on(event: HolderEvent): void {
    const at = { now: this.now, wall: wallOrigin + this.now, random: this.random() }
    const { state, effects } = stepHolder(this.rules, this.state, event, at)
    this.state = state
    for (const effect of effects) {
      if (effect.kind === 'call') {
        this.calls.push({ at: this.now, action: effect.action, minutes: effect.minutes })
      }
      if (effect.kind === 'lost') this.told.push(effect)
      if (effect.kind === 'refused') this.refusals.push(effect)
    }
    this.onStep(effects)
  }

  want(): void {
    this.on({ kind: 'want' })
  }

  acquire(): void {
    this.on({ kind: 'acquire' })
  }

  release(): void {
    this.on({ kind: 'release' })
  }

  /** Lets time pass; every timer fires on its way. A call in flight remains in flight. */
  advance(ms: number): void {
    const end = this.now + ms
    for (let at = this.nextWake; at <= end; at = this.nextWake) {
      this.now = at
      this.on({ kind: 'tick' })
    }
    this.now = end
  }

  /** Lets time pass without a timer: the process stood still. */
  stopFor(ms: number): void {
    this.now += ms
  }

  get inFlight(): 'protect' | 'unprotect' | undefined {
    return this.state.call?.action
  }

  answer(answer: ProtectionReply): void {
    const { call } = this.state
    if (call === undefined) throw new Error('no call is in flight')
    this.on({ kind: 'answer', id: call.id, answer })
  }

  /** Replies like an ECS that carries out the request, for this task. */
  grant(): void {
    this.answer(this.goodReply())
  }

  goodReply(taskArn = ownTask): ProtectionReply {
    const { call } = this.state
    if (call?.action !== 'protect') return { kind: 'state', taskArn, enabled: false }
    const expiresAt = wallOrigin + call.sentAt + call.minutes * minutes
    return { kind: 'state', taskArn, enabled: true, expiresAt }
  }

  /** Lets time pass with an ECS that replies to every call at once. */
  advanceGranted(ms: number): void {
    this.advanceAnswered(ms, () => this.goodReply())
  }

  advanceAnswered(ms: number, answer: () => ProtectionReply): void {
    const end = this.now + ms
    while (this.inFlight !== undefined) this.answer(answer())
    for (let at = this.nextWake; at <= end; at = this.nextWake) {
      this.now = at
      this.on({ kind: 'tick' })
      while (this.inFlight !== undefined) this.answer(answer())
    }
    this.now = end
  }

  /** Protected with one user. */
  protect(): void {
    this.want()
    this.grant()
    this.acquire()
  }

  /** The calls since the last call of this, as `60s protect 5`. */
  take(): string[] {
    return this.calls
      .splice(0)
      .map(
        ({ at, action, minutes: asked }) =>
          `${at / seconds}s ${action}${action === 'protect' ? ` ${asked}` : ''}`,
      )
  }

  get mayClaim(): boolean {
    return mayClaim(this.rules, this.state, this.now)
  }

  get mayAsk(): boolean {
    return mayAsk(this.rules, this.state, this.now)
  }

  get kind(): string {
    return stateOf(this.rules, this.state, this.now).kind
  }

  get keepsSlot(): boolean {
    const state = stateOf(this.rules, this.state, this.now)
    return state.kind === 'asking' && state.keepsSlot
  }

  /** When its timer fires next. */
  get nextWake(): number {
    return wakeAt(this.rules, this.state, this.now)
  }
}
