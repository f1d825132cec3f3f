import { describe, expect, test } from 'vitest'
import { CronTicks } from '../../../runtime/model/cron.ts'
import { wallMinutes } from './wall-minutes.ts'

const hour = 3_600_000
const day = 24 * hour

function ticks(cron: string, timeZone: string, from: string, n: number): string[] {
  const found = [...new CronTicks(cron, timeZone, 'schedule').between(Date.parse(from) - 1, Infinity, n)]
  return found.map((tick) => new Date(tick).toISOString().replace(':00.000Z', 'Z'))
}

describe('a change of the clocks', () => {
  test('a skipped fixed time fires once, when the clocks skip it', () => {
    expect(ticks('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00Z', 3)).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-29T01:00Z',
      '2026-03-30T00:30Z',
    ])
    expect(ticks('*/15 2 * * *', 'Europe/Berlin', '2026-03-29T00:00Z', 2)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-30T00:00Z',
    ])
  })

  test('a fixed time that occurs twice fires the first time', () => {
    expect(ticks('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 2)).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
    ])
    expect(ticks('0 1-3 * * *', 'Europe/Berlin', '2026-10-24T22:30Z', 3)).toEqual([
      '2026-10-24T23:00Z',
      '2026-10-25T00:00Z',
      '2026-10-25T02:00Z',
    ])
  })

  test('a pattern of every hour fires in both passes of an hour, and each real hour once', () => {
    expect(ticks('30 * * * *', 'Europe/Berlin', '2026-10-24T23:45Z', 3)).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-25T01:30Z',
      '2026-10-25T02:30Z',
    ])
    expect(ticks('30 * * * *', 'Europe/Berlin', '2026-03-29T00:00Z', 2)).toEqual([
      '2026-03-29T00:30Z',
      '2026-03-29T01:30Z',
    ])
  })

  test('clocks that change by half an hour', () => {
    expect(ticks('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00Z', 2)).toEqual([
      '2026-10-03T15:30Z',
      '2026-10-04T15:15Z',
    ])
    expect(ticks('45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T12:00Z', 2)).toEqual([
      '2026-04-04T14:45Z',
      '2026-04-05T15:15Z',
    ])
  })
})

const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Tokyo']

/** The reference for a minute-by-minute read of the clocks: minutes, hours, and whether hours are fixed. */
const patterns: readonly {
  cron: string
  minutes: readonly number[] | 'all'
  hours: readonly number[] | 'all'
}[] = [
  { cron: '0 0 * * *', minutes: [0], hours: [0] },
  { cron: '30 1 * * *', minutes: [30], hours: [1] },
  { cron: '45 1 * * *', minutes: [45], hours: [1] },
  { cron: '0 2 * * *', minutes: [0], hours: [2] },
  { cron: '15 2 * * *', minutes: [15], hours: [2] },
  { cron: '59 2 * * *', minutes: [59], hours: [2] },
  { cron: '0 3 * * *', minutes: [0], hours: [3] },
  { cron: '*/15 1-3 * * *', minutes: [0, 15, 30, 45], hours: [1, 2, 3] },
  { cron: '20,40 2,14 * * *', minutes: [20, 40], hours: [2, 14] },
  { cron: '@hourly', minutes: [0], hours: 'all' },
  { cron: '*/10 * * * *', minutes: [0, 10, 20, 30, 40, 50], hours: 'all' },
  { cron: '* * * * *', minutes: 'all', hours: 'all' },
]

/** Whole years by `npm run prove`; a few weeks around each change otherwise. */
const { DURABLE_JOBS_PROVE_DAYS: provenDays } = process.env
const spans =
  provenDays === undefined
    ? ['2026-03-05', '2026-03-26', '2026-04-02', '2026-10-01', '2026-10-22', '2026-10-30'].map((from) => ({
        from,
        days: 6,
      }))
    : [{ from: '2026-01-01', days: Number(provenDays) }]

/** Two years of a zone take about five seconds, and longer beside other tests. */
const maxTestMs = 60_000

describe.each(zones)('%s, minute by minute against Intl.DateTimeFormat', (zone) => {
  test.each(spans)('$days days from $from', { timeout: maxTestMs }, ({ from, days }) => {
    const start = Date.parse(from)
    const end = start + days * day
    const clocks = wallMinutes(zone, start, end)
    for (const { cron, minutes, hours } of patterns) {
      const found = [...new CronTicks(cron, zone, 'schedule').between(start - 1, end - 1, Infinity)]
      expect(found, cron).toEqual(clocks.ticks(minutes, hours))
    }
  })
})

describe('queries', () => {
  test('the first of six fields is seconds', () => {
    const cron = new CronTicks('*/20 * * * * *', 'UTC', 'schedule')
    expect([...cron.between(0, Infinity, 4)]).toEqual([20_000, 40_000, 60_000, 80_000])
    expect(cron.next(19_999)).toBe(20_000)
  })

  test('the latest ticks up to an instant', () => {
    const cron = new CronTicks('0 * * * *', 'UTC', 'schedule')
    expect(cron.latest(2, 0, 5 * hour)).toEqual([4 * hour, 5 * hour])
    expect(cron.latest(5, 3 * hour, 5 * hour - 1)).toEqual([3 * hour, 4 * hour])
    expect(new CronTicks('0 0 29 2 *', 'UTC', 'schedule').latest(1, 0, Date.UTC(2027, 5, 1))).toEqual([
      Date.UTC(2024, 1, 29),
    ])
  })

  test('a preview marks the effect of clock changes', () => {
    const daily = new CronTicks('30 2 * * *', 'Europe/Berlin', 'schedule')
    expect(daily.preview(Date.parse('2026-03-28T12:00Z'), 2)).toEqual([
      {
        at: new Date('2026-03-29T01:00Z'),
        local: '2026-03-29 03:00:00 +02:00',
        clockChange: '2026-03-29 02:30:00 does not exist that day: fires when the clocks skip it',
      },
      { at: new Date('2026-03-30T00:30Z'), local: '2026-03-30 02:30:00 +02:00' },
    ])
    const [first, after] = daily.preview(Date.parse('2026-10-24T12:00Z'), 2)
    expect(first?.clockChange).toBe('this local time comes twice that day: the first time')
    expect(after?.clockChange).toBe('clocks changed from +02:00 to +01:00')
    const hourly = new CronTicks('30 * * * *', 'Europe/Berlin', 'schedule')
    expect(hourly.preview(Date.parse('2026-10-25T00:00Z'), 3).map(({ clockChange }) => clockChange)).toEqual([
      'this local time comes twice that day: the first time',
      'this local time comes twice that day: the second time',
      undefined,
    ])
  })
})

describe('wrong options', () => {
  test.each([
    ['* * * *', 'must have 5 fields'],
    ['* * * * * * *', 'must have 5 fields'],
    ['@reboot', '@hourly'],
    ['61 * * * *', 'Invalid value for minute: 61'],
    ['2026-01-01T00:00:00', 'must have 5 fields'],
    ['0 0 30 2 *', 'would never fire'],
    [7 as unknown as string, 'must be a pattern'],
  ])('cron %s', (cron, reason) => {
    const parse = (): unknown => new CronTicks(cron, 'UTC', "job 'report': schedule")
    expect(parse).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
    expect(parse).toThrow(reason)
  })

  test('an unknown zone', () => {
    expect(() => new CronTicks('* * * * *', 'Europe/Atlantis', 'schedule')).toThrow(
      "schedule: timeZone: this Node knows no time zone 'Europe/Atlantis'",
    )
  })
})
