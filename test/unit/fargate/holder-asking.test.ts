import { describe, expect, test } from 'vitest'
import { HolderScript, minutes, ownTask, seconds } from './holder-script.ts'

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

  test('reserves a slot for 10 s; then best-effort claims without protection', () => {
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

test('a user that has begun without protection reserves no slot, until a run waits for protection too', () => {
  for (const mode of ['required', 'best-effort'] as const) {
    const holder = HolderScript.ready({ mode })
    holder.acquire()
    expect([holder.kind, holder.keepsSlot, holder.mayClaim]).toEqual(['asking', false, false])
    holder.advance(1 * seconds)
    holder.want()
    expect([holder.keepsSlot, holder.mayClaim]).toEqual([true, false])
    holder.advance(9 * seconds)
    expect([holder.keepsSlot, holder.mayClaim]).toEqual([false, mode === 'best-effort'])
  }
})

describe('expiry', () => {
  test('counts from the send of the call, not from its reply', () => {
    const holder = HolderScript.ready()
    holder.want()
    holder.advance(5 * seconds)
    holder.grant()
    holder.stopFor(4 * minutes - 5 * seconds)
    expect(holder.mayClaim).toBe(true)
    holder.stopFor(1)
    expect(holder.mayClaim).toBe(false)
  })

  test('ends protection that nothing renewed, and users are notified', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.stopFor(5 * minutes)
    holder.on({ kind: 'tick' })
    expect(holder.told).toEqual([{ kind: 'lost', why: 'expired', untilMs: 0 }])
    expect(holder.mayClaim).toBe(false)
  })

  test('less than a minute ahead when the reply arrives leads to another call, and starts no run', () => {
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

  test('is renewed first if a run wants more than is left', () => {
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

  test('that resumes within a minute needs no call', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.release()
    holder.advanceGranted(59 * seconds)
    expect(holder.mayClaim).toBe(true)
    holder.acquire()
    holder.advanceGranted(60 * seconds)
    expect(holder.take()).toEqual(['0s protect 5'])
  })

  test('that resumes repeatedly lengthens the hold, up to one period', () => {
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

  test('is released at most once a minute, even if it should end at once', () => {
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
