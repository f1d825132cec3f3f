import { describe, expect, test } from 'vitest'
import type { ProtectionReply } from '../../../runtime/fargate/protection-reply.ts'
import { HolderScript, minutes, ownTask, seconds } from './holder-script.ts'

const blocked: ProtectionReply = { kind: 'refused', code: 'DEPLOYMENT_BLOCKED', detail: 'too many' }

describe('a total of two hours', () => {
  test('admits no new runs after half of it, releases when the last one has ended, and rests', () => {
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

  test('is followed by a rest without requests, even for a user', () => {
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

  test('is not renewed at its end: users are notified, protection ends before it', () => {
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

  test('restarts after protection was released', () => {
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
  test('stops the worker from taking new protected runs, while current ones stay protected', () => {
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

  test('ends a wish that was not requested yet', () => {
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

describe('a refused renewal of a task that takes no new protected runs also starts none unprotected', () => {
  test('past half of maxTotal', () => {
    const holder = HolderScript.ready({ mode: 'best-effort', maxTotalMs: 20 * minutes })
    holder.protect()
    holder.advanceGranted(10 * minutes)
    expect([holder.kind, holder.mayClaim]).toEqual(['closing', false])
    holder.advance(2 * minutes)
    holder.answer(blocked)
    expect([holder.refusals.length, holder.kind, holder.mayClaim]).toEqual([1, 'closing', false])
  })

  test('with a newer revision of the family', () => {
    const holder = HolderScript.ready({ mode: 'best-effort' })
    holder.protect()
    holder.on({ kind: 'superseded', value: true })
    expect([holder.kind, holder.mayClaim]).toEqual(['closing', false])
    holder.advance(4 * minutes)
    holder.answer(blocked)
    expect([holder.refusals.length, holder.kind, holder.mayClaim]).toEqual([1, 'closing', false])
  })
})
