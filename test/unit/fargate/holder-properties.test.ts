import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HolderEffect } from '../../../runtime/fargate/holder-state.ts'
import type { ProtectionReply } from '../../../runtime/fargate/protection-reply.ts'
import { HolderScript, minutes, ownTask, seconds } from './holder-script.ts'

type Answering = 'good' | 'lost' | 'throttled' | 'refused' | 'permanent' | 'wrong task' | 'off' | 'past'

type Action =
  | { readonly kind: 'want' }
  | { readonly kind: 'acquire' }
  | { readonly kind: 'release' }
  | { readonly kind: 'drain' }
  | { readonly kind: 'task' }
  | { readonly kind: 'shared'; readonly value: boolean }
  | { readonly kind: 'superseded'; readonly value: boolean }
  | { readonly kind: 'answer'; readonly how: Answering }
  | { readonly kind: 'late answer' }
  | { readonly kind: 'advance' | 'stop'; readonly ms: number }

const anyAnswering = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Answering>('good') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Answering>('lost', 'throttled', 'refused', 'wrong task', 'off', 'past'),
  },
)
const anyMs = fc.oneof(
  fc.integer({ min: 0, max: 20 * seconds }),
  fc.integer({ min: 0, max: 10 * minutes }),
  fc.constantFrom(60 * seconds, 4 * minutes, 5 * minutes),
)
const anySingle: fc.Arbitrary<Action> = fc.oneof(
  { weight: 40, arbitrary: fc.constant<Action>({ kind: 'want' }) },
  { weight: 60, arbitrary: fc.constantFrom<Action>({ kind: 'acquire' }, { kind: 'release' }) },
  { weight: 80, arbitrary: anyAnswering.map((how) => ({ kind: 'answer', how }) as const) },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'answer', how: 'permanent' }) },
  { weight: 10, arbitrary: fc.constant<Action>({ kind: 'late answer' }) },
  { weight: 60, arbitrary: anyMs.map((ms) => ({ kind: 'advance', ms }) as const) },
  { weight: 5, arbitrary: anyMs.map((ms) => ({ kind: 'stop', ms }) as const) },
  { weight: 5, arbitrary: fc.boolean().map((value) => ({ kind: 'shared', value }) as const) },
  { weight: 5, arbitrary: fc.boolean().map((value) => ({ kind: 'superseded', value }) as const) },
)
const mostlyGood = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Answering>('good') },
  { weight: 1, arbitrary: anyAnswering },
)
/** A run that starts, works over some renewals and ends, and a pause until the next one: rare among random events. */
const anyPhase: fc.Arbitrary<readonly Action[]> = fc
  .record({
    first: mostlyGood,
    renewals: fc.array(mostlyGood, { maxLength: 5 }),
    idleMs: fc.oneof(anyMs, fc.constantFrom(60 * seconds, 61 * seconds, 120 * seconds)),
    last: anyAnswering,
  })
  .map(({ first, renewals, idleMs, last }) => [
    { kind: 'want' },
    { kind: 'answer', how: first },
    { kind: 'acquire' },
    ...renewals.flatMap((how): Action[] => [
      { kind: 'advance', ms: 4 * minutes },
      { kind: 'answer', how },
    ]),
    { kind: 'release' },
    { kind: 'advance', ms: idleMs },
    { kind: 'answer', how: last },
  ])
const anyActions: fc.Arbitrary<readonly Action[]> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: anySingle.map((one): readonly Action[] => [one]) },
      { weight: 1, arbitrary: anyPhase },
    ),
    { maxLength: 100 },
  )
  .map((parts) => parts.flat())

function answerOf(how: Answering, holder: HolderScript): ProtectionReply {
  switch (how) {
    case 'good':
      return holder.goodReply()
    case 'lost':
      return { kind: 'lost', detail: 'cut' }
    case 'throttled':
      return { kind: 'throttled', code: 'ThrottlingException', detail: 'slow down' }
    case 'refused':
      return { kind: 'refused', code: 'DEPLOYMENT_BLOCKED', detail: 'too many' }
    case 'permanent':
      return { kind: 'refused', code: 'TASK_NOT_VALID', detail: 'no service' }
    case 'wrong task':
      return holder.goodReply(`${ownTask}0`)
    case 'off':
      return { kind: 'state', taskArn: ownTask, enabled: false }
    case 'past':
      return { kind: 'state', taskArn: ownTask, enabled: true, expiresAt: 0 }
  }
}

/** The state of ECS as far as a client may rely on it, tracked without the rules. */
class Ecs {
  readonly #holder: HolderScript
  /** Until when the task is protected at least, by confirmed replies only. */
  protectedUntil = 0
  /** Until when a release without a reply may still take effect. */
  unsureUntil = 0
  releases: number[] = []
  /** Successful replies to a `protect`, and their number at the last notice to users. */
  #grants = 0
  #grantsTold = 0
  #isCalled = false
  #retriedAtGrant = 0

  constructor(holder: HolderScript) {
    this.#holder = holder
    holder.onStep = (effects) => this.#see(effects)
  }

  answer(how: Answering): void {
    const holder = this.#holder
    const { call } = holder.state
    if (call === undefined) return
    this.#isCalled = false
    if (call.action === 'protect' && how === 'good') {
      this.#grants++
      this.#retriedAtGrant = holder.state.counts.retried
    }
    const isOwnOff = (how === 'off' || how === 'past') && call.action === 'protect'
    if (how === 'good' && call.action === 'protect') {
      this.protectedUntil = call.sentAt + call.minutes * minutes
    } else if (isOwnOff) this.protectedUntil = 0
    if (how === 'lost' && call.action === 'unprotect') this.unsureUntil = call.sentAt + 6 * seconds
    holder.answer(answerOf(how, holder))
  }

  #see(effects: readonly HolderEffect[]): void {
    const { now, state } = this.#holder
    const calls = effects.filter((effect) => effect.kind === 'call')
    expect(calls.length).toBeLessThanOrEqual(1)
    expect(state.counts.retried - this.#retriedAtGrant).toBeLessThanOrEqual(2)
    if (effects.some(({ kind }) => kind === 'lost')) {
      expect(this.#grants).toBeGreaterThan(this.#grantsTold)
      this.#grantsTold = this.#grants
    }
    for (const { action } of calls) {
      expect(this.#isCalled).toBe(false)
      this.#isCalled = true
      if (action === 'protect') {
        expect(state.draining).toBe(false)
        expect(now).toBeGreaterThanOrEqual(this.unsureUntil)
      } else {
        expect(state.shared).toBe(false)
        expect(state.users).toBe(0)
        this.protectedUntil = 0
        if (state.releasedAt === now && !state.draining) this.releases.push(now)
      }
    }
  }
}

const options = fc
  .record({
    mode: fc.constantFrom('required' as const, 'best-effort' as const),
    times: fc.constantFrom([2, 13], [5, 13], [5, 120], [60, 120]),
  })
  .map(({ mode, times: [periodMinutes = 0, total = 0] }) => ({
    mode,
    periodMinutes,
    maxTotalMs: total * minutes,
  }))

/** Lets time pass as the runner does: a call without a reply within 6 s is lost. */
function advance(holder: HolderScript, ecs: Ecs, ms: number): void {
  const end = holder.now + ms
  for (let due = dueAt(holder); due <= end; due = dueAt(holder)) {
    const isLate = holder.inFlight !== undefined
    holder.advance(due - holder.now)
    if (isLate) ecs.answer('lost')
  }
  holder.advance(end - holder.now)
}

function dueAt(holder: HolderScript): number {
  const { call } = holder.state
  return call === undefined ? holder.nextWake : Math.max(holder.now, call.sentAt + 6 * seconds)
}

function play(holder: HolderScript, ecs: Ecs, actions: readonly Action[], check: () => void): void {
  for (const action of actions) {
    switch (action.kind) {
      case 'answer':
        ecs.answer(action.how)
        break
      case 'late answer':
        holder.on({ kind: 'answer', id: (holder.state.call?.id ?? 1) - 1, answer: holder.goodReply() })
        break
      case 'advance':
        advance(holder, ecs, action.ms)
        break
      case 'stop':
        holder.stopFor(action.ms)
        break
      case 'task':
        holder.on({ kind: 'task', arn: ownTask })
        break
      case 'release':
        if (holder.state.users > 0) holder.release()
        break
      default:
        holder.on(action)
    }
    check()
  }
}

describe('whatever ECS replies, and whenever', () => {
  // `Ecs` checks the invariants of every call, retry and loss in each of these.
  test('one call is in flight, and only what ECS confirmed for this task and has not expired is protected', () => {
    fc.assert(
      fc.property(options, anyActions, (config, actions) => {
        const holder = new HolderScript(config)
        const ecs = new Ecs(holder)
        const check = (): void => {
          const left = ecs.protectedUntil - holder.now
          if (holder.state.grant !== undefined && holder.state.grant.until > holder.now) {
            expect(holder.state.grant.until).toBeLessThanOrEqual(ecs.protectedUntil)
          }
          if (holder.mayClaim && config.mode === 'required') expect(left).toBeGreaterThanOrEqual(minutes)
        }
        play(holder, ecs, [{ kind: 'task' }, ...actions], check)
      }),
      { numRuns: 2_000 },
    )
  })

  test('nothing is protected before the task is known, nor after SIGTERM', () => {
    fc.assert(
      fc.property(options, anyActions, (config, actions) => {
        const unknown = new HolderScript(config)
        play(unknown, new Ecs(unknown), actions, () => expect(unknown.calls).toEqual([]))
        const holder = HolderScript.ready(config)
        const ecs = new Ecs(holder)
        play(holder, ecs, [...actions, { kind: 'drain' }], () => undefined)
        holder.take()
        play(holder, ecs, actions, () => undefined)
        expect(holder.calls.filter(({ action }) => action === 'protect')).toEqual([])
        expect(holder.mayClaim).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('releases are a minute apart, and no stretch of protection outlasts its total', () => {
    fc.assert(
      fc.property(options, anyActions, (config, actions) => {
        const holder = HolderScript.ready(config)
        const ecs = new Ecs(holder)
        play(holder, ecs, actions, () => {
          const { grant, stretch } = holder.state
          if (grant === undefined) return
          expect(stretch).toBeDefined()
          expect(grant.until - (stretch?.since ?? 0)).toBeLessThanOrEqual(config.maxTotalMs)
        })
        for (const [i, at] of ecs.releases.slice(1).entries()) {
          expect(at - (ecs.releases[i] ?? 0)).toBeGreaterThanOrEqual(minutes)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('fifty flapping holders', () => {
  const hour = 60 * minutes

  /** Calls of one holder in an hour whose users start and end, with every reply from `answer`. */
  function callsOf(
    seed: number,
    answer: (holder: HolderScript, random: () => number) => ProtectionReply,
  ): number[] {
    const holder = HolderScript.ready({ mode: 'best-effort' })
    const random = randomFrom(seed)
    holder.random = random
    while (holder.now < hour) {
      holder.want()
      holder.acquire()
      holder.advanceAnswered(random() * 3 * seconds, () => answer(holder, random))
      holder.release()
      // Until protection was given back: the worst moment for the next run to come. For every second holder sooner.
      const until = seed % 2 === 0 ? hour : holder.now + random() * 150 * seconds
      while (holder.state.grant !== undefined && holder.now < until) {
        holder.advanceAnswered(1 * seconds, () => answer(holder, random))
      }
      holder.advanceAnswered(1, () => answer(holder, random))
    }
    return holder.calls.map(({ at }) => at)
  }

  test.each([
    ['always as requested', (holder: HolderScript) => holder.goodReply()],
    [
      'with every fifth call lost or throttled',
      (holder: HolderScript, random: () => number) =>
        random() < 0.8 ? holder.goodReply() : answerOf(random() < 0.5 ? 'lost' : 'throttled', holder),
    ],
    [
      'with half of them refused',
      (holder: HolderScript, random: () => number) =>
        random() < 0.5 ? holder.goodReply() : answerOf('refused', holder),
    ],
    ['never', (holder: HolderScript) => answerOf('lost', holder)],
    ['with a refusal each', (holder: HolderScript) => answerOf('refused', holder)],
  ])('stay below one call a second in total when ECS replies %s', (_how, answer) => {
    const perHolder = Array.from({ length: 50 }, (_, seed) => callsOf(seed + 1, answer))
    const all = perHolder.flat()
    expect(all.length).toBeGreaterThan(50)
    expect(all.length).toBeLessThan(hour / seconds)
    // No holder alone floods either, in any minute.
    for (const times of perHolder) {
      for (const at of times) {
        expect(times.filter((other) => other >= at && other < at + minutes).length).toBeLessThanOrEqual(7)
      }
    }
  })
})

/** Park and Miller's generator: the same hour every time. */
function randomFrom(seed: number): () => number {
  let state = (seed * 48_271) % 2_147_483_647
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
