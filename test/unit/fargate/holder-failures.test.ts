import { describe, expect, test } from 'vitest'
import type { ProtectionReply } from '../../../runtime/fargate/protection-reply.ts'
import { HolderScript, minutes, ownTask, seconds } from './holder-script.ts'

const lost: ProtectionReply = { kind: 'lost', detail: 'the connection was cut' }
const blocked: ProtectionReply = { kind: 'refused', code: 'DEPLOYMENT_BLOCKED', detail: 'too many' }
const throttled: ProtectionReply = { kind: 'throttled', code: 'ThrottlingException', detail: 'slow down' }
const notAService: ProtectionReply = { kind: 'refused', code: 'TASK_NOT_VALID', detail: 'no service' }

describe('a call without a reply', () => {
  test('counts as unprotected and is repeated twice; then asking pauses for 5 to 60 s', () => {
    const holder = HolderScript.ready()
    holder.want()
    holder.advanceAnswered(3 * seconds, () => lost)
    expect(holder.take()).toEqual(['0s protect 5', '0.75s protect 5', '2.25s protect 5'])
    expect([holder.kind, holder.mayClaim, holder.mayAsk]).toEqual(['refused', false, false])
    expect(holder.state.counts).toMatchObject({ asked: 1, retried: 2, lost: 3 })
  })

  test('is repeated only after a good reply: stored failures are no reason for more calls', () => {
    const holder = HolderScript.ready()
    holder.acquire()
    holder.advanceAnswered(3 * minutes, () => lost)
    const times = holder.calls.map(({ at }) => Math.round(at / seconds))
    expect(times).toEqual([0, 1, 2, 8, 19, 42, 87, 141])
  })

  test('is repeated twice again after a good one', () => {
    const holder = HolderScript.ready()
    holder.want()
    holder.answer(lost)
    holder.advance(1 * seconds)
    holder.answer(lost)
    holder.advanceGranted(2 * seconds)
    holder.acquire()
    expect(holder.state.counts).toMatchObject({ asked: 1, retried: 2, confirmed: 1 })
    holder.advance(4 * minutes)
    holder.advanceAnswered(4 * seconds, () => lost)
    expect(holder.state.counts).toMatchObject({ renewed: 1, retried: 4, lost: 5 })
  })

  test('from an earlier attempt changes nothing if its reply arrives after all', () => {
    const holder = HolderScript.ready()
    holder.want()
    const late = { kind: 'answer', id: 1, answer: holder.goodReply() } as const
    holder.advance(6 * seconds)
    holder.answer(lost)
    holder.advance(1 * seconds)
    expect(holder.inFlight).toBe('protect')
    holder.on(late)
    expect(holder.mayClaim).toBe(false)
    expect(holder.inFlight).toBe('protect')
  })

  test('throttled is repeated too', () => {
    const holder = HolderScript.ready()
    holder.want()
    holder.answer(throttled)
    holder.advance(1 * seconds)
    holder.grant()
    expect(holder.mayClaim).toBe(true)
    expect(holder.state.counts).toMatchObject({ throttled: 1, retried: 1, confirmed: 1 })
  })
})

describe('a refusal', () => {
  test('is not repeated at once, and the pause doubles with jitter from 5 to 60 s', () => {
    const holder = HolderScript.ready()
    holder.acquire()
    holder.random = () => 0
    holder.advanceAnswered(5 * minutes, () => blocked)
    const low = holder.take()
    expect(low).toEqual([0, 5, 15, 35, 75, 123, 171, 219, 267].map((at) => `${at}s protect 5`))
    expect(holder.refusals.map(({ repeated }) => repeated)).toEqual([false, ...Array(8).fill(true)])
    const longest = HolderScript.ready()
    longest.acquire()
    longest.random = () => 0.8
    longest.advanceAnswered(3 * minutes, () => blocked)
    expect(longest.take()).toEqual([0, 6, 18, 42, 90, 147.6].map((at) => `${at}s protect 5`))
  })

  test('lets a claim with required wait and one with best-effort continue', () => {
    for (const mode of ['required', 'best-effort'] as const) {
      const holder = HolderScript.ready({ mode })
      holder.want()
      holder.answer(blocked)
      expect([holder.kind, holder.mayClaim, holder.mayAsk]).toEqual([
        'refused',
        mode === 'best-effort',
        false,
      ])
      holder.advance(10 * seconds)
      expect([holder.kind, holder.mayClaim, holder.mayAsk]).toEqual(['idle', false, true])
    }
  })

  test('ignores wishes during its pause', () => {
    const holder = HolderScript.ready()
    holder.want()
    holder.answer(blocked)
    holder.want()
    holder.advance(1 * minutes)
    expect(holder.take()).toEqual(['0s protect 5'])
  })

  test('of a task outside a service is permanent', () => {
    const holder = HolderScript.ready()
    holder.acquire()
    holder.advanceAnswered(24 * 60 * minutes, () => notAService)
    expect(holder.take()).toEqual(['0s protect 5'])
    expect(holder.refusals).toHaveLength(1)
    expect(holder.kind).toBe('refused')
  })
})

describe('a refused renewal', () => {
  test('is reported to users while a minute is left, and retried after a pause', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.advance(4 * minutes)
    expect(holder.inFlight).toBe('protect')
    holder.answer(blocked)
    expect(holder.told).toEqual([{ kind: 'lost', why: 'renewal refused', untilMs: 60 * seconds }])
    expect(holder.mayClaim).toBe(false)
    holder.take()
    holder.advanceGranted(10 * seconds)
    expect(holder.take()).toEqual(['245.625s protect 5'])
    expect(holder.mayClaim).toBe(true)
    expect(holder.told).toHaveLength(1)
  })

  test('of a long period is reported a minute before its end, if it stays refused', () => {
    const holder = HolderScript.ready({ periodMinutes: 60, maxTotalMs: 600 * minutes })
    holder.protect()
    holder.advanceAnswered(58 * minutes, () => blocked)
    expect(holder.told).toEqual([])
    holder.advanceAnswered(1 * minutes, () => blocked)
    expect(holder.told).toEqual([{ kind: 'lost', why: 'renewal refused', untilMs: 60 * seconds }])
  })

  test('of a long period is reported at once if a retry is pointless', () => {
    const holder = HolderScript.ready({ periodMinutes: 60, maxTotalMs: 600 * minutes })
    holder.protect()
    holder.advanceAnswered(48 * minutes, () => notAService)
    expect(holder.told).toEqual([{ kind: 'lost', why: 'renewal refused', untilMs: 12 * minutes }])
  })

  test('of a long period that succeeds a moment later is not reported', () => {
    const holder = HolderScript.ready({ periodMinutes: 60, maxTotalMs: 600 * minutes })
    holder.protect()
    holder.advance(48 * minutes)
    holder.answer(blocked)
    holder.advanceGranted(60 * minutes)
    expect(holder.told).toEqual([])
  })

  test('is reported again when it happens to the next protection', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.advanceAnswered(4 * minutes, () => (holder.calls.length > 1 ? blocked : holder.goodReply()))
    holder.advanceGranted(1 * minutes)
    holder.acquire()
    holder.advance(4 * minutes)
    holder.answer(blocked)
    expect(holder.told.map(({ why }) => why)).toEqual(['renewal refused', 'renewal refused'])
  })

  test('without a reply leaves the confirmed protection in force', () => {
    const holder = HolderScript.ready({ periodMinutes: 60, maxTotalMs: 600 * minutes })
    holder.protect()
    holder.advanceAnswered(48 * minutes + 4 * seconds, () => lost)
    expect(holder.state.counts).toMatchObject({ renewed: 1, retried: 2, lost: 3 })
    expect(holder.state.grant?.until).toBe(60 * minutes)
  })
})

describe('a reply that does not match its request', () => {
  const expired = { kind: 'state', taskArn: ownTask, enabled: true, expiresAt: 0 } as const
  test.each([
    ['wrong task', { ...expired, taskArn: `${ownTask}0`, expiresAt: Number.MAX_SAFE_INTEGER }],
    ['not applied', { kind: 'state', taskArn: ownTask, enabled: false }],
    ['expired', expired],
    ['expired', { kind: 'state', taskArn: ownTask, enabled: true }],
  ] as const)('is a refusal: %s', (code, answer) => {
    const holder = HolderScript.ready()
    holder.want()
    holder.answer(answer)
    expect(holder.mayClaim).toBe(false)
    expect(holder.refusals.map(({ refusal }) => refusal.code)).toEqual([code])
  })

  test('about the own task also ends the confirmed protection', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.advance(4 * minutes)
    holder.answer({ kind: 'state', taskArn: ownTask, enabled: false })
    expect(holder.told).toHaveLength(1)
    expect(holder.state.grant).toBeUndefined()
  })
})
