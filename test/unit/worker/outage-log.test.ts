import { beforeEach, describe, expect, test } from 'vitest'
import { StoreFullError, StoreUnavailableError } from '../../../runtime/model/errors.ts'
import type { StoreOutageKind } from '../../../runtime/model/store-outage.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { OutageLog } from '../../../runtime/worker/outage-log.ts'
import { FakeClock } from '../../support/fake-clock.ts'

let clock: FakeClock
let lines: [level: string, fields: object, message: string | undefined][]
let outages: OutageLog

beforeEach(() => {
  clock = new FakeClock()
  lines = []
  const write =
    (level: string) =>
    (fields: object, message?: string): void =>
      void lines.push([level, fields, message])
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  outages = new OutageLog({ clock, log })
})

function fail(call: string, kind: StoreOutageKind = 'unreachable'): void {
  outages.failed(call, kind, `the reason of ${call}`, 0)
}

const begin = (kind: StoreOutageKind, reason: string) => [
  'warn',
  { store: '', kind, reason },
  'store outage began',
]

describe('an outage', () => {
  test('is one line at its begin and one at its end, whatever calls it affects and however often', () => {
    for (let i = 0; i < 5; i++) {
      for (const call of ['claim', 'commit', 'campaign', 'lease thread']) fail(call)
      clock.stopFor(1_000)
    }
    for (const call of ['claim', 'commit', 'campaign', 'lease thread']) outages.succeeded(call)
    expect(lines).toEqual([
      begin('unreachable', 'the reason of claim'),
      ['info', { store: '', kind: 'unreachable', ms: 5_000 }, 'store outage ended after 5.0 s'],
    ])
  })

  test('names every cause it had, and counts from the first stuck call', () => {
    outages.failed('claim', 'unreachable', 'refused', 2_000)
    clock.stopFor(3_000)
    fail('claim', 'loading')
    outages.succeeded('claim')
    expect(lines.at(-1)).toEqual([
      'info',
      { store: '', kind: 'unreachable, loading', ms: 5_000 },
      'store outage ended after 5.0 s',
    ])
  })

  test('continues while a part of it does: a replica serves reads', () => {
    for (let i = 0; i < 20; i++) {
      fail('claim', 'read-only')
      outages.succeeded('run')
      clock.stopFor(1_000)
    }
    expect(lines).toHaveLength(1)
    outages.succeeded('claim')
    expect(lines).toHaveLength(2)
    expect(outages.isOut).toBe(false)
  })

  test('is not held open by an abandoned call, and ended when others succeeded', () => {
    fail('fire')
    clock.stopFor(1_000)
    outages.succeeded('claim')
    expect(outages.isOut).toBe(true)
    clock.stopFor(5_000)
    outages.succeeded('claim')
    expect(lines.at(-1)).toMatchObject(['info', { ms: 1_000 }, 'store outage ended after 1.0 s'])
  })

  test('of a full store is one, although some of its claims succeed', () => {
    for (let i = 0; i < 20; i++) {
      fail('claim', 'full')
      clock.stopFor(500)
      outages.succeeded('claim')
      clock.stopFor(500)
    }
    expect(lines).toHaveLength(1)
    clock.stopFor(5_000)
    outages.succeeded('claim')
    expect(lines).toHaveLength(2)
  })

  test('that follows another one is logged again', () => {
    for (let i = 0; i < 2; i++) {
      fail('claim')
      outages.succeeded('claim')
    }
    expect(lines).toHaveLength(4)
  })
})

describe('a watched store', () => {
  const errors: Error[] = []
  const store = {
    address: 'redis://host:6379 namespace jobs',
    run: async () => {
      const error = errors.shift()
      if (error !== undefined) throw error
      return undefined
    },
    onChange: () => () => undefined,
    close: async () => undefined,
  } as unknown as Store

  test('reports how its calls end, and otherwise behaves the same', async () => {
    const watched = outages.watch(store)
    expect(watched.address).toBe(store.address)
    expect(watched.onChange(() => undefined)).toBeInstanceOf(Function)
    const full = new StoreFullError('no memory left')
    errors.push(new StoreUnavailableError('gone', { kind: 'silent' }), full)
    await expect(watched.run('1')).rejects.toThrow('gone')
    await expect(watched.run('1')).rejects.toBe(full)
    expect(lines).toEqual([
      ['warn', { store: store.address, kind: 'silent', reason: 'gone' }, 'store outage began'],
    ])
  })

  test('neither begins nor ends an outage by other errors, or by its own end', async () => {
    const watched = outages.watch(store)
    errors.push(new Error('a mistake'), new StoreUnavailableError('closed', { kind: 'closed' }))
    await expect(watched.run('1')).rejects.toThrow()
    await expect(watched.run('1')).rejects.toThrow()
    expect(lines).toEqual([])
    fail('run')
    await watched.close()
    expect(outages.isOut).toBe(true)
  })
})
