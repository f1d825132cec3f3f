import { describe, expect, test } from 'vitest'
import type { ProtectionReply } from '../../../runtime/fargate/protection-reply.ts'
import { HolderScript, minutes, seconds } from './holder-script.ts'

const lost: ProtectionReply = { kind: 'lost', detail: 'the connection was cut' }
const throttled: ProtectionReply = { kind: 'throttled', code: 'ThrottlingException', detail: 'slow down' }

describe('a release', () => {
  test('in flight ends before the next request for protection, and meanwhile nothing counts as protected', () => {
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

  test('is not delayed by claims without such a run', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.release()
    for (let polls = 0; polls < 20; polls++) {
      holder.advance(3 * seconds)
      holder.acquire()
      holder.on({ kind: 'withdraw' })
    }
    expect(holder.take()).toEqual(['0s protect 5', '60s unprotect'])
  })

  test('is not delayed by renewals for claims without such a run', () => {
    const holder = HolderScript.ready({ periodMinutes: 30, maxTotalMs: 20 * 60 * minutes })
    // Busy phases close together: the hold grows up to a period, past the time of a renewal.
    for (let phase = 0; phase < 6; phase++) {
      holder.want()
      holder.advanceGranted(1 * seconds)
      holder.acquire()
      holder.release()
      while (holder.kind !== 'idle') holder.advanceGranted(1 * minutes)
    }
    holder.want()
    holder.advanceGranted(1 * seconds)
    holder.take()
    let calls: readonly string[] = []
    for (let polled = 0; polled < 90 * minutes && calls.every((call) => !call.includes('unprotect')); ) {
      holder.advanceGranted(2 * seconds)
      polled += 2 * seconds
      if (!holder.mayClaim) continue
      holder.acquire()
      holder.on({ kind: 'withdraw' })
      calls = [...calls, ...holder.take()]
    }
    holder.advanceGranted(1 * seconds)
    expect([...calls, ...holder.take()].filter((call) => call.includes('unprotect'))).toHaveLength(1)
  })

  test('without a reply may take effect until its deadline: no request is sent before', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.release()
    holder.advance(60 * seconds)
    holder.answer(lost)
    holder.want()
    holder.advance(10 * seconds)
    expect(holder.take()).toEqual(['0s protect 5', '60s unprotect', '66s protect 5'])
  })

  test('without a reply is repeated twice, then left to expire', () => {
    const holder = HolderScript.ready()
    holder.protect()
    holder.release()
    holder.advanceAnswered(60 * seconds, () => lost)
    holder.advanceAnswered(10 * minutes, () => lost)
    expect(holder.take()).toEqual(['0s protect 5', '60s unprotect', '60.75s unprotect', '62.25s unprotect'])
    expect(holder.state.counts).toMatchObject({ asked: 1, released: 1, retried: 2, lost: 3 })
    expect(holder.kind).toBe('idle')
  })

  test('is never sent if another live process has the same task', () => {
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

describe('after SIGTERM', () => {
  test('nothing is protected or renewed, and protection is released with its last user', () => {
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

  test('a confirmed call in flight is reverted', () => {
    const holder = HolderScript.ready()
    holder.want()
    holder.on({ kind: 'drain' })
    holder.grant()
    expect(holder.take()).toEqual(['0s protect 5', '0s unprotect'])
    expect(holder.mayClaim).toBe(false)
  })

  test('a lost renewal in flight is not repeated, and protection is released', () => {
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

  test('a due retry is not sent', () => {
    const holder = HolderScript.ready()
    holder.acquire()
    holder.answer(lost)
    holder.on({ kind: 'drain' })
    holder.advance(5 * minutes)
    expect(holder.take()).toEqual(['0s protect 5'])
  })
})
