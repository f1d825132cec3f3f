import { describe, expect, test } from 'vitest'
import { AttentionWatch } from '../../../runtime/attention/attention-watch.ts'
import { findAttention } from '../../../runtime/attention/find-attention.ts'
import { findFindings, maxFindingsPerKind } from '../../../runtime/attention/find-findings.ts'
import { findingKinds } from '../../../runtime/attention/finding-kinds.ts'
import type { Snapshot } from '../../../runtime/attention/snapshot.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { minuteMs, now, operation, queue, secondMs, snapshot } from '../../support/snapshot.ts'

const paused = { by: 'ana', at: now - minuteMs }
/** A finding whose begin the store knows, and one whose begin it doesn't. */
const pausedQueue = { queues: [queue('mail', { paused, ready: 1 })] }
const diskFault = { checks: [{ name: 'disk', verdict: 'fault', found: 'full' }] } as const

function later(ms: number, over = {}, rest = {}): Snapshot {
  return snapshot({ now: now + ms, ...over }, rest)
}

const ids = (findings: readonly { readonly id: string }[]): string[] => findings.map(({ id }) => id)

describe('findings of a snapshot', () => {
  test('are ordered by severity, then by age', () => {
    const queues = [
      queue('new', { paused, ready: 1 }),
      queue('old', { paused: { ...paused, at: 1 }, ready: 1 }),
    ]
    expect(ids(findFindings(snapshot({ queues }, diskFault)))).toEqual([
      'store-fault:disk',
      'paused-queue:old',
      'paused-queue:new',
    ])
  })

  test('carry their mute until it ends', () => {
    const mute = { finding: 'paused-queue:mail', until: now + 1, by: 'ana', reason: 'known' }
    expect(findFindings(snapshot({ ...pausedQueue, mutes: [mute] }))).toMatchObject([{ muted: mute }])
    expect(
      findFindings(snapshot({ ...pausedQueue, mutes: [{ ...mute, until: now }] }))[0],
    ).not.toHaveProperty('muted')
    expect(
      findFindings(snapshot({ ...pausedQueue, mutes: [{ ...mute, finding: 'a' }] }))[0],
    ).not.toHaveProperty('muted')
  })

  test('are bounded in number per kind', () => {
    const queues = Array.from({ length: 80 }, (_, n) =>
      queue(`q${n}`, { paused: { ...paused, at: n }, ready: 1 }),
    )
    const findings = findFindings(snapshot({ queues }, diskFault))
    expect(findings).toHaveLength(maxFindingsPerKind + 1)
    expect(findings.at(-1)?.id).toBe(`paused-queue:q${maxFindingsPerKind - 1}`)
  })

  test('have ids that begin with their kind, each kind once', () => {
    const kinds = findingKinds.map(({ kind }) => kind)
    expect(new Set(kinds).size).toBe(kinds.length)
    for (const kind of kinds) expect(kind).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })
})

describe('a watch', () => {
  test('raises in the second round and clears after three rounds without', () => {
    const watch = new AttentionWatch()
    expect(watch.look(snapshot(pausedQueue))).toEqual([])
    expect(ids(watch.look(snapshot(pausedQueue)))).toEqual(['paused-queue:mail'])
    expect(watch.look(snapshot())).toHaveLength(1)
    expect(watch.look(snapshot())).toHaveLength(1)
    expect(watch.look(snapshot())).toEqual([])
    expect(watch.look(snapshot(pausedQueue))).toEqual([])
  })

  test('reports while it has seen a finding once', () => {
    const watch = new AttentionWatch()
    const states = [
      snapshot(),
      snapshot(pausedQueue),
      snapshot(),
      snapshot(pausedQueue),
      snapshot(pausedQueue),
    ]
    const told = states.map((state) => [watch.look(state).length, watch.isConfirming])
    expect(told).toEqual([
      [0, false],
      [0, true],
      [0, false],
      [0, true],
      [1, false],
    ])
  })

  test('never raises a finding seen every other round, and keeps one missed every other round', () => {
    const watch = new AttentionWatch()
    for (let round = 0; round < 6; round++) {
      expect(watch.look(round % 2 === 0 ? snapshot(pausedQueue) : snapshot())).toEqual([])
    }
    watch.look(snapshot(pausedQueue))
    watch.look(snapshot(pausedQueue))
    for (let round = 0; round < 6; round++) {
      expect(watch.look(round % 2 === 0 ? snapshot() : snapshot(pausedQueue))).toHaveLength(1)
    }
  })

  test('shows the latest state, the time first seen, and what had changed then', () => {
    const watch = new AttentionWatch()
    const operations = [operation('worker left', 40 * secondMs, { subject: 'w1' })]
    watch.look(later(-secondMs))
    watch.look(later(0, { operations }, diskFault))
    const still = { checks: [{ ...diskFault.checks[0], found: 'fuller' }] }
    expect(watch.look(later(9 * minuteMs, { operations }, still))).toMatchObject([
      {
        since: now,
        sinceAtLeast: true,
        sentence: expect.stringContaining('fuller'),
        nearby: 'first seen 12:00:00 UTC, 40.0 s after: worker w1 left',
      },
    ])
    expect(watch.look(later(10 * minuteMs))).toMatchObject([{ since: now }])
  })

  test('names no cause of findings older than the watch', () => {
    const watch = new AttentionWatch()
    const operations = [operation('worker left', 40 * secondMs, { subject: 'w1' })]
    watch.look(later(0, { operations }, diskFault))
    const [first, ...others] = watch.look(later(secondMs, { operations }, diskFault))
    expect({ first, others }).toMatchObject({ first: { since: now, beginUnknown: true }, others: [] })
    expect(first).not.toHaveProperty('nearby')
  })

  test('applies a mute at once', () => {
    const watch = new AttentionWatch()
    watch.look(snapshot(pausedQueue))
    const mutes = [{ finding: 'paused-queue:mail', until: now + 1, by: 'ana' }]
    expect(watch.look(snapshot({ ...pausedQueue, mutes }))).toMatchObject([{ muted: { by: 'ana' } }])
  })
})

describe('a single question', () => {
  /** Reads with these snapshots; returns the findings, and the number of reads. */
  async function ask(
    ...rounds: readonly Snapshot[]
  ): Promise<{ found: string[]; reads: number; waited: boolean }> {
    const clock = new FakeClock()
    let reads = 0
    const asked = findAttention(async () => rounds[reads++] ?? snapshot(), clock)
    await clock.settle()
    const waited = clock.timers > 0
    await clock.advance(1_000)
    return { found: ids(await asked), reads, waited }
  }

  test('needs one round if all is well, or began a while ago', async () => {
    expect(await ask(snapshot())).toEqual({ found: [], reads: 1, waited: false })
    expect(await ask(snapshot(pausedQueue))).toEqual({
      found: ['paused-queue:mail'],
      reads: 1,
      waited: false,
    })
  })

  test('polls again a second later if something has just begun or its begin is unknown', async () => {
    const justNow = { queues: [queue('mail', { paused: { ...paused, at: now - 4_999 }, ready: 1 })] }
    expect(await ask(snapshot(justNow), snapshot(justNow))).toEqual({
      ...{ found: ['paused-queue:mail'], reads: 2, waited: true },
    })
    expect(await ask(snapshot(justNow), snapshot())).toMatchObject({ found: [], reads: 2 })
    expect(await ask(snapshot({}, diskFault), snapshot({}, diskFault))).toMatchObject({
      found: ['store-fault:disk'],
    })
    expect(await ask(snapshot({}, diskFault), snapshot(pausedQueue, {}))).toMatchObject({
      found: ['paused-queue:mail'],
    })
    expect(await ask(snapshot(justNow), snapshot({}, diskFault))).toMatchObject({ found: [] })
  })
})
