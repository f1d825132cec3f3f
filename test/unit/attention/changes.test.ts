import { describe, expect, test } from 'vitest'
import { changesOf, nearbyText } from '../../../runtime/attention/changes.ts'
import { atLeast, exactly, type Sighting } from '../../../runtime/attention/finding-kind.ts'
import { lastDeploy, versionStarts } from '../../../runtime/attention/version-starts.ts'
import { operationNames } from '../../../runtime/store/events.ts'
import type { Overview } from '../../../runtime/store/overview.ts'
import { hourMs, minuteMs, now, operation, secondMs, snapshot, worker } from '../../support/snapshot.ts'

function nearby(over: Partial<Overview>, related: Sighting['related'], since = exactly(now - minuteMs)) {
  return nearbyText({ since, related }, changesOf(snapshot(over).overview), now)
}

describe('the change near the begin of a finding', () => {
  const operations = [
    operation('pause queue', 5 * minuteMs, { subject: 'mail', by: 'ana', reason: 'provider is down' }),
    operation('resume queue', 4 * minuteMs, { subject: 'mail', by: 'ben' }),
    operation('drain worker', 3 * minuteMs, { subject: 'w1', by: 'ana' }),
    operation('leader changed', 30 * secondMs, { subject: 'leader', by: 'w2' }),
  ]

  test('is the nearest related change before it', () => {
    expect(nearby({ operations }, { queue: 'any', worker: 'any', leader: 'any' })).toBe(
      'began 11:59:00 UTC, 2 min 0 s after: worker w1 told to drain by ana',
    )
    expect(nearby({ operations }, { queue: ['mail'] })).toBe(
      "began 11:59:00 UTC, 3 min 0 s after: queue 'mail' resumed by ben",
    )
    expect(nearby({ operations }, { queue: ['mail'] }, atLeast(now - 270 * secondMs))).toBe(
      "first seen 11:55:30 UTC, 30.0 s after: queue 'mail' paused by ana: 'provider is down'",
    )
  })

  test('is absent for another subject, a later begin, or a long gap', () => {
    expect(nearby({ operations }, { queue: ['other'], leader: 'any' })).toBeUndefined()
    expect(nearby({ operations }, { queue: ['mail'] }, exactly(now + 2 * minuteMs))).toBeUndefined()
    expect(nearby({ operations }, {})).toBeUndefined()
  })

  test('of another day shows the date', () => {
    const yesterday = exactly(now - 24 * hourMs)
    const paused = [operation('pause queue', 24 * hourMs + minuteMs, { subject: 'mail', by: 'ana' })]
    expect(nearby({ operations: paused }, { queue: 'any' }, yesterday)).toMatch(
      /^began 2025-12-31 12:00:00 UTC, 1 min/,
    )
  })

  test('names a deploy rather than the worker that joined with it, or one that brought nothing new', () => {
    const joined = [
      operation('worker joined', 3 * hourMs, { subject: 'w0', details: { pay: 16 } }),
      operation('worker joined', 100 * secondMs, { subject: 'w1', details: { pay: 17 } }),
    ]
    const related = { version: 'any', worker: 'any' } as const
    expect(nearby({ operations: joined }, related)).toBe(
      "began 11:59:00 UTC, 40.0 s after version 17 of 'pay' started",
    )
    const restarted = [
      ...joined,
      operation('worker joined', 70 * secondMs, { subject: 'w2', details: { pay: 17 } }),
    ]
    expect(nearby({ operations: restarted }, related)).toBe(
      "began 11:59:00 UTC, 40.0 s after version 17 of 'pay' started",
    )
  })

  test('reports simultaneous deploys as one', () => {
    const details = { a: 1, b: 2, c: 3, d: 4 }
    const joined = [operation('worker joined', 100 * secondMs, { cursor: 'e-1', subject: 'w1', details })]
    expect(nearby({ operations: joined }, { version: 'any' })).toBe(
      "began 11:59:00 UTC, 40.0 s after new versions of 'a', 'b', 'c' and 1 more started",
    )
    expect(nearby({ operations: joined }, { version: ['c', 'd'] })).toMatch(
      /new versions of 'c', 'd' started$/,
    )
    expect(nearby({ operations: joined }, { version: ['c'] })).toMatch(/version 3 of 'c' started$/)
  })

  test('covers every operation that can be a cause', () => {
    const quiet = new Set([
      'cancel run',
      'retry run',
      'remove run',
      'end action',
      'worker joined',
      'loss explained',
      'mute finding',
      'unmute finding',
    ])
    for (const name of operationNames) {
      if (quiet.has(name) || /schedule$/.test(name)) continue
      const told = changesOf(
        snapshot({ operations: [operation(name, minuteMs, { subject: 'x', by: 'ana' })] }).overview,
      )
      expect(told, name).toHaveLength(1)
      expect(told[0]?.text, name).toMatch(/x|ana/)
    }
  })
})

describe('starts of versions', () => {
  test('are the first joins of a version, by the log and by live workers', () => {
    const workers = [worker('w2', { pay: 17 }, { startedAt: now - minuteMs })]
    const operations = [
      operation('worker joined', 9 * minuteMs, { cursor: 'e-1', details: { pay: 16, mail: 1 } }),
      operation('worker joined', 8 * minuteMs, { details: { pay: 17 } }),
    ]
    const starts = versionStarts(snapshot({ workers, operations }).overview)
    expect(starts).toHaveLength(3)
    expect(lastDeploy(starts, 'pay')).toEqual({
      job: 'pay',
      version: 17,
      at: now - 8 * minuteMs,
      kind: 'deploy',
    })
    expect(lastDeploy(starts, 'mail')).toMatchObject({ version: 1 })
    expect(lastDeploy(starts, 'other')).toBeUndefined()
  })

  test('count a rollback to an older version as a deploy of it', () => {
    const operations = [
      operation('worker joined', 9 * minuteMs, { cursor: 'e-1', details: { pay: 17 } }),
      operation('worker joined', 8 * minuteMs, { details: { pay: 16 } }),
    ]
    expect(lastDeploy(versionStarts(snapshot({ operations }).overview), 'pay')).toMatchObject({ version: 16 })
  })

  test('are computed once for each overview', () => {
    const { overview } = snapshot({ workers: [worker('w1', { pay: 17 })] })
    expect(versionStarts(overview)).toBe(versionStarts(overview))
    expect(versionStarts({ ...overview, workers: [] })).toEqual([])
  })
})
