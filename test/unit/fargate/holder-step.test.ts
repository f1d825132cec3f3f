import { describe, expect, test } from 'vitest'
import type { ProtectionAnswer } from '../../../runtime/fargate/protection-answer.ts'
import { HolderScript, minutes, ownTask, seconds } from './holder-script.ts'

const lost: ProtectionAnswer = { kind: 'lost', detail: 'the connection was cut' }
const blocked: ProtectionAnswer = { kind: 'refused', code: 'DEPLOYMENT_BLOCKED', detail: 'too many' }
const throttled: ProtectionAnswer = { kind: 'throttled', code: 'ThrottlingException', detail: 'slow down' }
const notAService: ProtectionAnswer = { kind: 'refused', code: 'TASK_NOT_VALID', detail: 'no service' }

describe('asking', () => {
  test('begins when a run wants protection, and a claim may take it once ECS has confirmed', () => {
    const holder = HolderScript.ready()
    expect([holder.kind, holder.mayClaim, holder.mayAsk]).toEqual(['idle', false, true])
    holder.want()
    expect(holder.take()).toEqual(['0s protect 5'])
    expect([holder.kind, holder.mayClaim]).toEqual(['asking', false])
    holder.advance(2 * seconds)
    holder.grant()
    expect([holder.kind, holder.mayClaim]).toEqual(['held', true])
  })

  test('sends one call, however many runs want protection', () => {
    const holder = HolderScript.ready()
    for (let i = 0; i < 10; i++) holder.want()
    holder.acquire()
    expect(holder.take()).toEqual(['0s protect 5'])
    holder.grant()
    holder.want()
    expect(holder.take()).toEqual([])
  })

  test('waits until the task is known', () => {
    const holder = new HolderScript()
    holder.want()
    holder.advance(30 * seconds)
    expect(holder.take()).toEqual([])
    holder.on({ kind: 'task', arn: ownTask })
    expect(holder.take()).toEqual(['30s protect 5'])
  })

  test('keeps a slot free for 10 s; best-effort claims without protection from then on', () => {
    for (const mode of ['required', 'best-effort'] as const) {
      const holder = HolderScript.ready({ mode })
      holder.want()
      holder.advance(10 * seconds - 1)
      expect(holder.mayClaim).toBe(false)
      holder.advance(1)
      expect(holder.mayClaim).toBe(mode === 'best-effort')
    }
  })
})

describe('expiry', () => {
  test('counts from the send of the call, not from its answer', () => {
    const holder = HolderScript.ready()
    holder.want()
    holder.advance(5 * seconds)
    holder.grant()
    holder.stopFor(4 * minutes - 5 * seconds)
    expect(holder.mayClaim).toBe(true)
    holder.stopFor(1)
    expect(holder.mayClaim).toBe(false)
  })

  test('ends protection when nothing renewed it, and users are told', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.stopFor(5 * minutes)
    holder.on({ kind: 'tick' })
    expect(holder.told).toEqual([{ kind: 'lost', why: 'expired', untilMs: 0 }])
    expect(holder.mayClaim).toBe(false)
  })

  test('with less than a minute ahead when the answer comes is asked for again, and starts no run', () => {
    const holder = HolderScript.ready({ periodMinutes: 2 })
    holder.want()
    holder.take()
    holder.advance(61 * seconds)
    holder.grant()
    expect(holder.mayClaim).toBe(false)
    holder.advance(1 * seconds)
    expect(holder.take()).toEqual(['61.75s protect 2'])
    holder.grant()
    expect(holder.mayClaim).toBe(true)
  })

  test('is renewed first when a run wants more than is left', () => {
    const holder = HolderScript.ready({ periodMinutes: 4 })
    holder.want()
    holder.grant()
    holder.take()
    holder.stopFor(3 * minutes + 1)
    holder.want()
    expect(holder.take()).toEqual(['180.001s protect 4'])
    holder.grant()
    expect(holder.mayClaim).toBe(true)
  })
})

describe('a busy phase', () => {
  test('costs one protect, renewed at 80 %, and one release', () => {
    const holder = HolderScript.ready()
    holder.protect()
    for (let i = 0; i < 100; i++) {
      holder.acquire()
      holder.advanceGranted(6 * seconds)
      holder.release()
    }
    holder.release()
    holder.advanceGranted(10 * minutes)
    expect(holder.take()).toEqual(['0s protect 5', '240s protect 5', '480s protect 5', '660s unprotect'])
    expect(holder.kind).toBe('idle')
    expect(holder.state.counts).toMatchObject({ asked: 1, renewed: 2, released: 1, retried: 0, confirmed: 4 })
  })

  test('that begins again within a minute needs no call', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.release()
    holder.advanceGranted(59 * seconds)
    expect(holder.mayClaim).toBe(true)
    holder.acquire()
    holder.advanceGranted(60 * seconds)
    expect(holder.take()).toEqual(['0s protect 5'])
  })

  test('that begins again and again makes the hold longer, up to one period', () => {
    const holder = HolderScript.ready()
    const holds: number[] = []
    for (let i = 0; i < 5; i++) {
      holder.want()
      while (holder.inFlight !== undefined) holder.grant()
      const from = holder.now
      while (holder.kind !== 'idle') holder.advanceGranted(1 * seconds)
      holds.push(holder.now - from)
    }
    expect(holds).toEqual([60, 120, 240, 300, 300].map((s) => s * seconds))
    expect(holder.state.holdMs).toBe(5 * minutes)
  })

  test('after a quiet period is held for a minute again', () => {
    const holder = HolderScript.ready()
    for (let i = 0; i < 4; i++) {
      holder.want()
      holder.grant()
      while (holder.kind !== 'idle') holder.advanceGranted(1 * seconds)
    }
    holder.advance(5 * minutes)
    holder.take()
    holder.want()
    holder.grant()
    holder.advanceGranted(5 * minutes)
    expect(holder.take()).toEqual(['1020s protect 5', '1080s unprotect'])
  })

  test('is released once a minute at most, also when it should end at once', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.release()
    holder.advanceGranted(60 * seconds)
    holder.want()
    holder.grant()
    holder.on({ kind: 'superseded', value: true })
    holder.advanceGranted(2 * minutes)
    expect(holder.take()).toEqual(['0s protect 5', '60s unprotect', '60s protect 5', '120s unprotect'])
  })
})

describe('a release', () => {
  test('under way ends before protection is asked for again, and meanwhile nothing counts as protected', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.release()
    holder.advance(60 * seconds)
    expect(holder.inFlight).toBe('unprotect')
    expect(holder.mayClaim).toBe(false)
    holder.want()
    holder.acquire()
    expect(holder.take()).toEqual(['0s protect 5', '60s unprotect'])
    holder.advance(1 * seconds)
    holder.grant()
    expect(holder.take()).toEqual(['61s protect 5'])
  })

  test('without an answer may take effect until its deadline: nothing is asked for before', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.release()
    holder.advance(60 * seconds)
    holder.answer(lost)
    holder.want()
    holder.advance(10 * seconds)
    expect(holder.take()).toEqual(['0s protect 5', '60s unprotect', '66s protect 5'])
  })

  test('without an answer is repeated twice, then left to expire', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.release()
    holder.advanceAnswered(60 * seconds, () => lost)
    holder.advanceAnswered(10 * minutes, () => lost)
    expect(holder.take()).toEqual(['0s protect 5', '60s unprotect', '60.75s unprotect', '62.25s unprotect'])
    expect(holder.state.counts).toMatchObject({ asked: 1, released: 1, retried: 2, lost: 3 })
    expect(holder.kind).toBe('idle')
  })

  test('is never sent where another live process has the same task', () => {
    const holder = HolderScript.ready()
    holder.on({ kind: 'shared', value: true })
    holder.protect()
    holder.release()
    holder.advanceGranted(4 * minutes)
    expect(holder.mayClaim).toBe(true)
    holder.advanceGranted(10 * minutes)
    holder.on({ kind: 'drain' })
    expect(holder.take()).toEqual(['0s protect 5'])
    expect(holder.told).toEqual([])
  })

  test('is not repeated once another process has the same task', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.release()
    holder.advance(60 * seconds)
    holder.answer(throttled)
    holder.on({ kind: 'shared', value: true })
    holder.advance(10 * minutes)
    expect(holder.take()).toEqual(['0s protect 5', '60s unprotect'])
  })
})

describe('a call without an answer', () => {
  test('counts as unprotected and is repeated twice; then asking pauses for 5 to 60 s', () => {
    const holder = HolderScript.ready()
    holder.want()
    holder.advanceAnswered(3 * seconds, () => lost)
    expect(holder.take()).toEqual(['0s protect 5', '0.75s protect 5', '2.25s protect 5'])
    expect([holder.kind, holder.mayClaim, holder.mayAsk]).toEqual(['refused', false, false])
    expect(holder.state.counts).toMatchObject({ asked: 1, retried: 2, lost: 3 })
  })

  test('is repeated only when a good answer came since: a store of failures is no reason for more calls', () => {
    const holder = HolderScript.ready()
    holder.acquire()
    holder.advanceAnswered(3 * minutes, () => lost)
    const times = holder.calls.map(({ at }) => Math.round(at / seconds))
    expect(times).toEqual([0, 1, 2, 11, 29, 65, 119, 173])
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

  test('of an earlier attempt changes nothing when it comes after all', () => {
    const holder = HolderScript.ready()
    holder.want()
    const late = { kind: 'answer', id: 1, answer: holder.goodAnswer() } as const
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
    expect(low).toEqual([0, 8, 24, 56, 104, 152, 200, 248, 296].map((at) => `${at}s protect 5`))
    expect(holder.refusals.map(({ repeated }) => repeated)).toEqual([false, ...Array(8).fill(true)])
  })

  test('lets a claim of required wait and one of best-effort go on', () => {
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

  test('during its pause hears of no wish', () => {
    const holder = HolderScript.ready()
    holder.want()
    holder.answer(blocked)
    holder.want()
    holder.advance(1 * minutes)
    expect(holder.take()).toEqual(['0s protect 5'])
  })

  test('of a task outside a service is for good', () => {
    const holder = HolderScript.ready()
    holder.acquire()
    holder.advanceAnswered(24 * 60 * minutes, () => notAService)
    expect(holder.take()).toEqual(['0s protect 5'])
    expect(holder.refusals).toHaveLength(1)
    expect(holder.kind).toBe('refused')
  })
})

describe('a renewal that is refused', () => {
  test('is told to users while a minute is left, and asked for again after a pause', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.advance(4 * minutes)
    expect(holder.inFlight).toBe('protect')
    holder.answer(blocked)
    expect(holder.told).toEqual([{ kind: 'lost', why: 'renewal refused', untilMs: 60 * seconds }])
    expect(holder.mayClaim).toBe(false)
    holder.take()
    holder.advanceGranted(10 * seconds)
    expect(holder.take()).toEqual(['249s protect 5'])
    expect(holder.mayClaim).toBe(true)
    expect(holder.told).toHaveLength(1)
  })

  test('of a long period is told a minute before its end, if it stays refused', () => {
    const holder = HolderScript.ready({ periodMinutes: 60, maxTotalMs: 600 * minutes })
    holder.protect()
    holder.advanceAnswered(58 * minutes, () => blocked)
    expect(holder.told).toEqual([])
    holder.advanceAnswered(1 * minutes, () => blocked)
    expect(holder.told).toEqual([{ kind: 'lost', why: 'renewal refused', untilMs: 60 * seconds }])
  })

  test('of a long period is told at once when asking again is pointless', () => {
    const holder = HolderScript.ready({ periodMinutes: 60, maxTotalMs: 600 * minutes })
    holder.protect()
    holder.advanceAnswered(48 * minutes, () => notAService)
    expect(holder.told).toEqual([{ kind: 'lost', why: 'renewal refused', untilMs: 12 * minutes }])
  })

  test('of a long period that succeeds a moment later is told to nobody', () => {
    const holder = HolderScript.ready({ periodMinutes: 60, maxTotalMs: 600 * minutes })
    holder.protect()
    holder.advance(48 * minutes)
    holder.answer(blocked)
    holder.advanceGranted(60 * minutes)
    expect(holder.told).toEqual([])
  })

  test('is told again when it happens to the next protection', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.advanceAnswered(4 * minutes, () => (holder.calls.length > 1 ? blocked : holder.goodAnswer()))
    holder.advanceGranted(1 * minutes)
    holder.acquire()
    holder.advance(4 * minutes)
    holder.answer(blocked)
    expect(holder.told.map(({ why }) => why)).toEqual(['renewal refused', 'renewal refused'])
  })

  test('without an answer leaves what was confirmed before in force', () => {
    const holder = HolderScript.ready({ periodMinutes: 60, maxTotalMs: 600 * minutes })
    holder.protect()
    holder.advanceAnswered(48 * minutes + 4 * seconds, () => lost)
    expect(holder.state.counts).toMatchObject({ renewed: 1, retried: 2, lost: 3 })
    expect(holder.state.grant?.until).toBe(60 * minutes)
  })
})

describe('an answer that is not what was asked for', () => {
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

  test('about the own task also ends what was confirmed before', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.advance(4 * minutes)
    holder.answer({ kind: 'state', taskArn: ownTask, enabled: false })
    expect(holder.told).toHaveLength(1)
    expect(holder.state.grant).toBeUndefined()
  })
})

describe('a total of two hours', () => {
  test('takes no new runs from half of it on, gives back when the last one has ended, and rests', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.advanceGranted(60 * minutes - 1)
    expect(holder.mayClaim).toBe(true)
    holder.advanceGranted(1)
    expect([holder.kind, holder.mayClaim, holder.mayAsk]).toEqual(['closing', false, false])
    holder.advanceGranted(10 * minutes)
    holder.take()
    holder.release()
    expect(holder.take()).toEqual(['4200s unprotect'])
    holder.grant()
    expect(holder.kind).toBe('resting')
    holder.want()
    holder.advanceGranted(60 * seconds - 1)
    expect([holder.kind, holder.take()]).toEqual(['resting', []])
    holder.advanceGranted(1)
    expect([holder.kind, holder.mayAsk]).toEqual(['idle', true])
    holder.want()
    expect(holder.take()).toEqual(['4260s protect 5'])
  })

  test('is followed by a rest in which nothing is asked for, not even for a user', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.advanceGranted(60 * minutes)
    holder.release()
    holder.grant()
    holder.take()
    holder.acquire()
    holder.advance(59 * seconds)
    expect(holder.take()).toEqual([])
    holder.advance(1 * seconds)
    expect(holder.take()).toEqual(['3660s protect 5'])
  })

  test('is not renewed at its end: users are told, protection ends before it', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.advanceGranted(119 * minutes)
    expect(holder.told).toEqual([])
    holder.advanceGranted(1 * minutes)
    expect(holder.told).toEqual([{ kind: 'lost', why: 'total', untilMs: expect.any(Number) }])
    expect(holder.state.grant).toBeUndefined()
    holder.take()
    holder.advanceGranted(60 * minutes)
    expect(holder.take()).toEqual([])
    holder.release()
    expect(holder.kind).toBe('resting')
    holder.advanceGranted(60 * seconds)
    expect(holder.kind).toBe('idle')
  })

  test('counts from the first confirmed call, over all renewals and busy phases', () => {
    const holder = HolderScript.ready()
    holder.protect()
    for (let i = 0; i < 60; i++) {
      holder.release()
      holder.advanceGranted(30 * seconds)
      holder.acquire()
      holder.advanceGranted(30 * seconds)
    }
    expect([holder.now, holder.kind]).toEqual([60 * minutes, 'closing'])
  })

  test('begins anew after protection was given back', () => {
    const holder = HolderScript.ready()
    for (let i = 0; i < 40; i++) {
      holder.want()
      while (holder.inFlight !== undefined) holder.grant()
      holder.acquire()
      holder.advanceGranted(1 * minutes)
      holder.release()
      holder.advanceGranted(6 * minutes)
      expect(holder.kind).toBe('idle')
    }
  })
})

describe('a newer revision of the family', () => {
  test('lets a worker take no new protected runs, and those it has stay protected', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.on({ kind: 'superseded', value: true })
    expect([holder.kind, holder.mayClaim, holder.mayAsk]).toEqual(['closing', false, false])
    holder.advanceGranted(5 * minutes)
    expect(holder.take()).toEqual(['0s protect 5', '240s protect 5'])
    holder.release()
    expect(holder.take()).toEqual(['300s unprotect'])
    holder.grant()
    holder.want()
    expect(holder.take()).toEqual([])
  })

  test('ends a wish that was not asked for yet', () => {
    const holder = new HolderScript()
    holder.want()
    holder.on({ kind: 'superseded', value: true })
    holder.on({ kind: 'task', arn: ownTask })
    expect(holder.take()).toEqual([])
  })

  test('that is gone again lets it take runs again', () => {
    const holder = HolderScript.ready()
    holder.on({ kind: 'superseded', value: true })
    holder.on({ kind: 'superseded', value: false })
    expect([holder.kind, holder.mayAsk]).toEqual(['idle', true])
  })
})

describe('after SIGTERM', () => {
  test('nothing is protected or renewed, and protection is given back with its last user', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.take()
    holder.on({ kind: 'drain' })
    holder.want()
    holder.acquire()
    expect([holder.kind, holder.mayClaim, holder.mayAsk]).toEqual(['closing', false, false])
    holder.advance(4 * minutes + 30 * seconds)
    expect(holder.take()).toEqual([])
    holder.release()
    holder.release()
    expect(holder.take()).toEqual(['270s unprotect'])
  })

  test('a call under way is taken back when it was confirmed', () => {
    const holder = HolderScript.ready()
    holder.want()
    holder.on({ kind: 'drain' })
    holder.grant()
    expect(holder.take()).toEqual(['0s protect 5', '0s unprotect'])
    expect(holder.mayClaim).toBe(false)
  })

  test('a renewal under way that is lost is not repeated, and protection is given back', () => {
    const holder = HolderScript.ready({ periodMinutes: 4 })
    holder.want()
    holder.grant()
    holder.on({ kind: 'shared', value: true })
    holder.advance(3 * minutes + 1)
    holder.want()
    holder.on({ kind: 'shared', value: false })
    holder.on({ kind: 'drain' })
    holder.answer(lost)
    expect(holder.take()).toEqual(['0s protect 4', '180.001s protect 4', '180.001s unprotect'])
  })

  test('a retry that was due is not sent', () => {
    const holder = HolderScript.ready()
    holder.acquire()
    holder.answer(lost)
    holder.on({ kind: 'drain' })
    holder.advance(5 * minutes)
    expect(holder.take()).toEqual(['0s protect 5'])
  })
})
