import { describe, expect, test } from 'vitest'
import type { Run } from '../../runtime/model/run.ts'
import type { Inspector } from '../../runtime/store/store.ts'
import { inputOf } from '../../tui/app/shown.ts'
import { loadQueues, type QueuesData, withCells } from '../../tui/screens/queues/queues-data.ts'
import { queueRows, startedSeries, stateWord, waitsOf } from '../../tui/screens/queues/rows.ts'
import type { ScreenInput } from '../../tui/screens/screen.ts'
import { minuteMs, now, queue, schedule, snapshot, worker } from '../support/snapshot.ts'
import { fleetOf, pressed, runOf, screenInput, stateOf, typed } from './support/given.ts'

const target = { screen: 'queues' } as const

function dataOf(over: Partial<QueuesData> = {}): QueuesData {
  const statistics = { ...snapshot().overview.statistics, range: '5m' as const, coveredMs: 300_000 }
  return { statistics, started: new Map(), classes: [], ...over }
}

function waitingFor(id: string, waitingFor: Extract<Run, { state: 'waiting' }>['waitingFor']): Run {
  return runOf(id, { state: 'waiting', waitingFor })
}

describe('rows', () => {
  test('are sorted by the age of the oldest ready run, then by runs in progress', () => {
    const queues = [
      queue('idle'),
      queue('young', { ready: 1, oldestReadyMs: 5 }),
      queue('old', { ready: 1, oldestReadyMs: 9 }),
    ]
    const rows = queueRows(
      screenInput({ target, fleet: fleetOf({ queues: [...queues, queue('busy', { waiting: 2 })] }) }),
    )
    expect(rows.map(({ id }) => id)).toEqual(['old', 'young', 'busy', 'idle'])
  })

  test('include queues of ended runs and of live workers', () => {
    const counts = [{ queue: 'done', job: 'a', state: 'failed', count: 3 }] as const
    const workers = [
      worker('w', { a: 1 }, { queues: ['served'] }),
      worker('x', { a: 1 }, { lost: true, queues: ['gone'] }),
    ]
    const rows = queueRows(screenInput({ target, fleet: fleetOf({ counts, workers }) }))
    expect(rows.map(({ id, counts }) => [id, counts.failed])).toEqual([
      ['done', 3],
      ['served', undefined],
    ])
  })

  test('report why ready runs are not taken, class by class, and the pause separately', () => {
    const classes = [
      { queue: 'mail', job: 'send', version: 2 },
      { queue: 'mail', job: 'ghost', version: 1 },
      { queue: 'other', job: 'ghost', version: 1 },
    ]
    const paused = { by: 'ana', at: now }
    const fleet = fleetOf({
      queues: [queue('mail', { ready: 2, paused })],
      workers: [worker('w', { send: 1 })],
    })
    const [row] = queueRows(screenInput({ target, fleet, data: dataOf({ classes }) }))
    expect(row?.held.map(({ of, why }) => [of.job, why.kind])).toEqual([
      ['send', 'old code'],
      ['ghost', 'no job'],
    ])
    expect(row && stateWord(row)).toBe('paused')
    expect(row?.thing).toEqual({ kind: 'queue', id: 'mail', paused: true })
  })

  test('count the slots of live workers that serve the queue', () => {
    const workers = [
      worker('by-job', { send: 1 }, { running: 3 }),
      worker('told', {}, { queues: ['default'], running: 1 }),
      worker('elsewhere', { send: 1 }, { queues: ['other'] }),
      worker('drains', { send: 1 }, { draining: true }),
    ]
    const [row] = queueRows(screenInput({ target, fleet: fleetOf({ queues: [queue('default')], workers }) }))
    expect(row?.slots).toEqual({ taken: 4, all: 20, workers: 2 })
  })

  test('have the rate of the chosen range, and none before that is read', () => {
    const job = {
      ...{ queue: 'mail', job: 'send', started: 600, completed: 0, failed: 0, cancelled: 0, expired: 0 },
    }
    const histogram = { sumMs: 0, buckets: [] }
    const jobs = [{ ...job, enqueued: 0, wait: histogram, run: histogram, total: histogram }]
    const data = dataOf({ statistics: { ...dataOf().statistics, jobs } })
    const state = stateOf({ target, fleet: fleetOf({ queues: [queue('mail')] }), data })
    const rate = (...keys: string[]) =>
      queueRows(inputOf(pressed(state, ...keys)) as ScreenInput<QueuesData>)[0]?.perSecond
    expect(rate()).toBe(2)
    expect(rate('t')).toBe(0)
    expect(rate('t', 't')).toBeUndefined()
  })

  test('are filtered by name, job and state', () => {
    const queues = [queue('mail', { paused: { by: 'ana', at: now } }), queue('import')]
    const counts = [{ queue: 'import', job: 'load', state: 'ready', count: 1 }] as const
    const state = pressed(stateOf({ target, fleet: fleetOf({ queues, counts }) }), '/')
    const shown = (text: string) =>
      queueRows(inputOf(typed(state, text)) as ScreenInput<QueuesData>).map(({ id }) => id)
    expect(shown('load')).toEqual(['import'])
    expect(shown('paused')).toEqual(['mail'])
  })

  test('link to the oldest ready run, limiters, workers and schedules', () => {
    const waiting = [waitingFor('a', { kind: 'limit', name: 'stripe' })]
    const data = dataOf({ detail: { queue: 'default', waiting, isWhole: true, oldest: runOf('r1') } })
    const fleet = fleetOf({ queues: [queue('default')], schedules: [schedule()] })
    const [row] = queueRows(screenInput({ target, fleet, data }))
    expect(row?.target).toEqual({ screen: 'runs', filter: 'queue:default' })
    expect(row?.jumps?.map(({ target: to }) => to)).toEqual([
      { screen: 'run', subject: 'r1' },
      { screen: 'limits', row: 'stripe' },
      { screen: 'workers', filter: 'queue:default' },
      { screen: 'cron', row: 'nightly' },
      { screen: 'runs', filter: 'state:failed queue:default' },
    ])
  })
})

test('waits are counted by cause, the most frequent first', () => {
  const waiting = [
    waitingFor('a', { kind: 'retry' }),
    waitingFor('b', { kind: 'limit', name: 'stripe' }),
    waitingFor('c', { kind: 'limit', name: 'stripe' }),
    waitingFor('d', { kind: 'limit', name: 'other' }),
  ]
  expect(waitsOf(waiting)).toEqual([
    { kind: 'limit', name: 'stripe', runs: 2 },
    { kind: 'retry', runs: 1 },
    { kind: 'limit', name: 'other', runs: 1 },
  ])
})

describe('started runs', () => {
  const cell = (minute: number, claim: number, job = 'a') => ({ minute, queue: 'q', job, counts: { claim } })

  test('of a minute are summed over jobs, and replaced when the minute is read again', () => {
    const first = withCells(undefined, [cell(now, 2), cell(now, 3, 'b'), cell(now - minuteMs, 1)], now)
    expect(first.get('q')?.get(now)).toBe(5)
    const next = withCells(first, [cell(now, 7)], now)
    expect([next.get('q')?.get(now), next.get('q')?.get(now - minuteMs)]).toEqual([7, 1])
  })

  test('older than the chart are dropped', () => {
    const known = withCells(undefined, [cell(now, 1)], now)
    expect(withCells(known, [], now + 62 * minuteMs).get('q')?.size).toBe(0)
  })

  test('yield a value per minute, the current one last', () => {
    const data = dataOf({ started: withCells(undefined, [cell(now, 4), cell(now - 2 * minuteMs, 1)], now) })
    const series = startedSeries('q', data)
    expect(series).toHaveLength(60)
    expect(series?.slice(-3)).toEqual([1, 0, 4])
    expect(startedSeries('unknown', data)?.every((count) => count === 0)).toBe(true)
  })
})

describe('reads', () => {
  function reads() {
    const calls: string[] = []
    let at = now
    const inspector = {
      statistics: async (range: string) => {
        calls.push(`statistics ${range}`)
        return { ...dataOf().statistics, now: at, range }
      },
      throughput: async (minutes: number) => {
        calls.push(`throughput ${minutes}`)
        return []
      },
      readyClasses: async () => [],
      runs: async ({ queue: name, states }: { queue?: string; states?: readonly string[] }) => {
        calls.push(`${states} of ${name}`)
        return { runs: [], looked: 0 }
      },
    } as unknown as Inspector
    const later = (ms: number) => (at += ms)
    return { calls, inspector, later }
  }

  test('an hour first, then only the minutes since the last read', async () => {
    const { calls, inspector, later } = reads()
    const first = await loadQueues(inspector, { range: '5m' }, undefined)
    later(2_000)
    const second = await loadQueues(inspector, { range: '24h' }, first)
    later(5 * minuteMs)
    await loadQueues(inspector, { range: '5m' }, second)
    expect(calls).toEqual([
      ...[
        'statistics 5m',
        'throughput 60',
        'statistics 24h',
        'throughput 2',
        'statistics 5m',
        'throughput 6',
      ],
    ])
  })

  test('only the details of the queue, when the cursor has moved', async () => {
    const { calls, inspector } = reads()
    const first = await loadQueues(inspector, { range: '5m', current: 'a' }, undefined)
    calls.length = 0
    const next = await loadQueues(inspector, { range: '5m', current: 'b' }, first)
    expect(calls).toEqual(['waiting of b', 'ready of b'])
    expect(next.detail?.queue).toBe('b')
  })
})
