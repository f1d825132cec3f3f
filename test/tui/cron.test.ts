import { describe, expect, test } from 'vitest'
import { CronTicks } from '../../runtime/model/cron.ts'
import type { Overview } from '../../runtime/store/overview.ts'
import type { LedgerLine, ScheduleInfo } from '../../runtime/store/schedules.ts'
import type { RunDetails } from '../../runtime/store/store.ts'
import { leaderRole } from '../../runtime/store/terms.ts'
import { lookOf } from '../../tui/kit/look.ts'
import { spansText } from '../../tui/kit/span.ts'
import { nextText } from '../../tui/screens/cron/columns.ts'
import { type CronData, type CronReads, loadCron } from '../../tui/screens/cron/cron-data.ts'
import { scheduleDetail } from '../../tui/screens/cron/detail.ts'
import { outcomeStrip, outcomeText } from '../../tui/screens/cron/outcomes.ts'
import { currentSchedule, ledgerRows, scheduleRows } from '../../tui/screens/cron/rows.ts'
import { minuteMs, now, schedule, secondMs } from '../support/snapshot.ts'
import { fleetOf, runOf, screenInput } from './support/given.ts'

const target = { screen: 'cron' } as const

function line(n: number, over: Partial<LedgerLine> = {}): LedgerLine {
  return { n, at: now - minuteMs, outcome: 'fired', ...over }
}

function dataOf(schedules: readonly ScheduleInfo[], over: Partial<CronData> = {}): CronData {
  return { schedules, ledgers: new Map(), lastRuns: new Map(), zone: 'Asia/Tokyo', isPartial: false, ...over }
}

describe('rows', () => {
  test('start with overdue schedules, then sort by next tick; schedules that no longer fire come last', () => {
    const schedules = [
      schedule({ name: 'late', nextTick: now + 9 }),
      schedule({ name: 'soon', nextTick: now + 1 }),
      schedule({ name: 'paused', paused: { by: 'ana', at: now }, nextTick: now + 2 }),
      schedule({ name: 'overdue', nextTick: now - 5_000, overdueMs: 5_000 }),
      schedule({ name: 'unplanned', overdueMs: 5_000 }),
    ]
    const rows = scheduleRows(screenInput({ target, data: dataOf(schedules) }))
    expect(rows.map(({ id }) => id)).toEqual(['overdue', 'unplanned', 'soon', 'late', 'paused'])
  })

  test('count missed ticks, including each tick of a stretch', () => {
    const missed = { outcome: 'skipped', why: 'missed' } as const
    const lines = [
      line(3, { ...missed, count: 4 }),
      line(2, missed),
      line(1, { outcome: 'skipped', why: 'paused', count: 9 }),
    ]
    const [row] = scheduleRows(
      screenInput({ target, data: dataOf([schedule()], { ledgers: new Map([['nightly', lines]]) }) }),
    )
    expect(row?.missed).toBe(5)
  })

  test('link to the last run, the run in the way, the queue and the workers', () => {
    const lines = [line(3, { outcome: 'skipped', why: 'overlap', other: 'r1' }), line(2, { run: 'r2' })]
    const [row] = scheduleRows(
      screenInput({ target, data: dataOf([schedule()], { ledgers: new Map([['nightly', lines]]) }) }),
    )
    expect(row?.target).toEqual({ screen: 'runs', filter: 'job:report' })
    expect(row?.jumps?.map((jump) => jump.target)).toEqual([
      { screen: 'run', subject: 'r2' },
      { screen: 'run', subject: 'r1' },
      { screen: 'runs', filter: 'state:failed job:report' },
      { screen: 'queues', row: 'default' },
      { screen: 'workers', filter: 'job:report' },
    ])
  })

  test('of the ledger belong to the schedule under the cursor, and link to their runs', () => {
    const ledgers = new Map([
      ['a', [line(2, { run: 'r2' }), line(1, { outcome: 'declared' })]],
      ['b', [line(9)]],
    ])
    const data = dataOf([schedule({ name: 'a', nextTick: 1 }), schedule({ name: 'b', nextTick: 2 })], {
      ledgers,
    })
    const input = screenInput({ target, data })
    expect(currentSchedule(input)?.id).toBe('a')
    expect(ledgerRows(input).map(({ id, target: to }) => [id, to])).toEqual([
      ['a\x002', { screen: 'run', subject: 'r2' }],
      ['a\x001', undefined],
    ])
    const onB = screenInput({ target: { ...target, row: 'b' }, data })
    expect(ledgerRows(onB).map(({ id }) => id)).toEqual(['b\x009'])
  })
})

describe('the next tick', () => {
  test.each<[Partial<ScheduleInfo>, string]>([
    [{ nextTick: now + 65 * secondMs }, '1m5s'],
    [{ nextTick: now - 1, overdueMs: 1 }, 'now'],
    [{ nextTick: now - minuteMs, overdueMs: minuteMs }, '1m0s overdue'],
    [{ paused: { by: 'ana', at: now }, nextTick: now + 1 }, 'paused'],
    [{ dropped: { worker: 'w', at: now } }, 'dropped'],
    [{}, 'never'],
    [{ overdueMs: 10 }, 'not planned'],
    [{ overdueMs: minuteMs }, 'not planned'],
  ])('%j is %s', (over, text) => {
    expect(nextText({ schedule: schedule(over) }, now)).toBe(text)
  })
})

test('a tick is overdue because no worker leads, if that is the cause', () => {
  const data = dataOf([schedule({ nextTick: now - minuteMs, overdueMs: minuteMs })])
  const textOf = (leaders: Overview['leaders']): string => {
    const props = { ...screenInput<CronData>({ target, data, fleet: fleetOf({ leaders }) }), windows: {} }
    const [row] = scheduleRows(props)
    return row === undefined ? '' : scheduleDetail(row, props).map(spansText).join('\n')
  }
  const term = { role: leaderRole, term: 1, since: now, termLeftMs: 0, duties: {} }
  expect(textOf([])).toContain('1m0s overdue: no worker leads, so no schedule fires')
  expect(textOf([{ ...term, worker: 'w1' }])).toMatch(/1m0s overdue$/m)
})

describe('the strip of outcomes', () => {
  const lines = [
    line(8),
    line(7, { outcome: 'skipped', why: 'missed' }),
    line(6, { outcome: 'paused', by: 'ana' }),
    line(5, { outcome: 'skipped', why: 'overlap' }),
    line(4, { outcome: 'late', lateMs: 4_000 }),
    line(3, { outcome: 'caught up' }),
    line(2, { outcome: 'skipped', why: 'paused' }),
    line(1, { outcome: 'triggered' }),
  ]

  test('has the newest at its right end, and omits entries that are not ticks', () => {
    expect(outcomeStrip(lines, 10, lookOf({ ascii: false }))).toBe('   ▲‖↻◑⊘✖●')
    expect(outcomeStrip(lines, 10, lookOf({ ascii: true }))).toBe('   ^=cl/x*')
    expect(outcomeStrip(lines, 3, lookOf({ ascii: true }))).toBe('/x*')
  })

  test('is described in words by the ledger', () => {
    const words = lines.map((one) => outcomeText(one, lookOf({ ascii: true })))
    expect(words.slice(0, 4)).toEqual(['* fired', 'x missed', '  paused', '/ skipped'])
  })
})

test('five ticks are shown in the zone of the schedule and in that of the user', () => {
  const spec = { ...schedule().spec, timeZone: 'Europe/Berlin' }
  const fires = new CronTicks(spec.cron, spec.timeZone, 'test').preview(now, 5)
  const data = dataOf([schedule({ spec })], { ticks: { schedule: 'nightly', fires } })
  const props = { ...screenInput({ target, data }), windows: {} }
  const [row] = scheduleRows(props)
  const text = row && scheduleDetail(row, props).map((spans) => spans.map((one) => one.text).join(''))
  expect(text?.filter((one) => one.includes('here'))).toHaveLength(5)
  expect(text?.[0]).toContain('in 14h0m  2026-01-02 03:00:00 +01:00  here 2026-01-02 11:00:00 +09:00')
})

describe('reads', () => {
  function reads(schedules: readonly ScheduleInfo[]) {
    const calls: string[] = []
    const jobs: CronReads = {
      inspector: {
        schedules: async () => {
          calls.push('schedules')
          return schedules
        },
        ledger: async (name) => {
          calls.push(`ledger ${name}`)
          return [line(1, { run: `run of ${name}` })]
        },
        run: async (id) => {
          calls.push(id)
          return runOf(id, { state: id.endsWith('a') ? 'completed' : 'running' } as never) as RunDetails
        },
      },
      schedules: { preview: async () => [] },
    }
    return { calls, jobs }
  }

  const last = line(1)
  const both = [schedule({ name: 'a', last }), schedule({ name: 'b', last })]

  test('a ledger again when its last line changed; a last run until it has ended', async () => {
    const { calls, jobs } = reads(both)
    const first = await loadCron(jobs, { wanted: 100 }, undefined)
    expect(first.isPartial).toBe(true)
    calls.length = 0
    const second = await loadCron(jobs, { wanted: 100, current: 'a' }, first)
    expect(calls).toEqual(['schedules', 'run of b'])
    expect(second.isPartial).toBe(false)
    expect(second.ticks?.schedule).toBe('a')
  })

  test('a ledger again when its last line covers more ticks', async () => {
    const { jobs } = reads(both)
    const first = await loadCron(jobs, { wanted: 100 }, undefined)
    const grown = reads([schedule({ name: 'a', last: { ...last, count: 2 } }), schedule({ name: 'b', last })])
    await loadCron(grown.jobs, { wanted: 100, current: 'a' }, first)
    expect(grown.calls).toContain('ledger a')
    expect(grown.calls).not.toContain('ledger b')
  })

  test('at most twelve ledgers at once, starting with the one under the cursor', async () => {
    const many = Array.from({ length: 20 }, (_, i) => schedule({ name: `s${i}`, last }))
    const { calls, jobs } = reads(many)
    const first = await loadCron(jobs, { wanted: 100, current: 's19' }, undefined)
    const ledgers = calls.filter((call) => call.startsWith('ledger'))
    expect([ledgers.length, ledgers[0], first.isPartial]).toEqual([12, 'ledger s19', true])
  })

  test('no list when the cursor has moved', async () => {
    const { calls, jobs } = reads(both)
    const first = await loadCron(jobs, { wanted: 100, current: 'a' }, undefined)
    calls.length = 0
    const next = await loadCron(jobs, { wanted: 100, current: 'b\x001' }, first)
    expect(calls).not.toContain('schedules')
    expect(next.ticks?.schedule).toBe('b')
  })
})
