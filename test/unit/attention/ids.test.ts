import { describe, expect, test } from 'vitest'
import { findingKinds } from '../../../runtime/attention/finding-kinds.ts'
import { deadDuty } from '../../../runtime/attention/kinds/dead-duty.ts'
import { unservedRuns } from '../../../runtime/attention/kinds/unserved-runs.ts'
import type { Snapshot } from '../../../runtime/attention/snapshot.ts'
import { poisonedFailure } from '../../../runtime/model/failure-mark.ts'
import type { LeaderInfo } from '../../../runtime/store/terms.ts'
import {
  failureGroup,
  hourMs,
  minuteMs,
  now,
  operation,
  queue,
  schedule,
  snapshot,
  worker,
} from '../../support/snapshot.ts'

const names = ['x', 'x/y', 'x%2Fy', 'y/z', 'z', 'a:b', 'é#1[2]$', '%', '/']

/** Every finding there is, of things with such names. */
function everything(): Snapshot {
  const [first = ''] = names
  const paused = { by: 'ana', at: now - hourMs }
  const pairs = names.flatMap((job) => names.map((of) => ({ job, queue: of })))
  const counts = pairs.map((pair) => ({ ...pair, state: 'ready', count: 1 }) as const)
  const blocked = names.map((job) => ({ job, queue: first, state: 'blocked', count: 1 }) as const)
  const duties = Object.fromEntries(names.map((duty) => [duty, hourMs]))
  const leader = (role: string): LeaderInfo => ({
    role,
    worker: 'w',
    term: 1,
    since: 0,
    termLeftMs: 1,
    duties,
  })
  return snapshot(
    {
      counts: [...counts, ...blocked],
      queues: names.map((name) => queue(`paused ${name}`, { paused, ready: 1 })),
      leaders: names.map(leader),
      limiters: names.map((name) => ({
        ...{ name, keys: 1, waiting: 1, closedMs: 9 },
        rule: { kind: 'concurrency', max: 1, everyMs: 0, refill: 0 },
      })),
      schedules: names.map((name) => schedule({ name, overdueMs: hourMs, nextTick: now - hourMs })),
      failures: names.map((job) =>
        failureGroup({ job, name: poisonedFailure.name, code: poisonedFailure.code, fingerprint: job }),
      ),
      workers: names.map((name) => worker(name, {}, { lost: true, running: 1, seenAgoMs: hourMs })),
      operations: [operation('worker lost', minuteMs, { subject: 'w' })],
    },
    { checks: names.map((name) => ({ name, verdict: 'fault', found: 'bad' })) },
  )
}

/** The names that an id is of. */
function namesIn(id: string): string[] {
  const parts = id.slice(id.indexOf(':') + 1).split('/')
  return parts.map(decodeURIComponent)
}

describe('ids of findings', () => {
  test('are unique, whatever names exist', () => {
    const found = new Set<string>()
    for (const { kind, find } of findingKinds) {
      const subjects = find(everything()).map(({ subject }) => subject)
      expect(new Set(subjects).size, kind).toBe(subjects.length)
      if (subjects.length > 0) found.add(kind)
    }
    expect([...found]).toEqual(
      expect.arrayContaining(['unserved', 'dead-duty', 'limiter', 'missed-tick', 'blocked']),
    )
  })

  test('with several names parse back to these', () => {
    const inOrder = (lists: readonly (readonly string[])[]): string[] =>
      lists.map((list) => JSON.stringify(list)).sort()
    const pairs = names.flatMap((name) => names.map((other) => [name, other]))
    for (const kind of [unservedRuns, deadDuty]) {
      const ids = kind.find(everything()).map(({ subject }) => `${kind.kind}:${subject}`)
      expect(inOrder(ids.map(namesIn))).toEqual(inOrder(pairs))
    }
    const versions = snapshot(
      {
        counts: pairs.map(([job = '', of = '']) => ({ job, queue: of, state: 'ready', count: 1 })),
        workers: [worker('w', Object.fromEntries(names.map((name) => [name, 1])))],
      },
      { classes: pairs.map(([job = '', of = '']) => ({ job, queue: of, version: 2 })) },
    )
    const ids = unservedRuns.find(versions).map(({ subject }) => `unserved:${subject}`)
    expect(inOrder(ids.map(namesIn))).toEqual(inOrder(pairs.map((pair) => [...pair, '2'])))
  })
})
