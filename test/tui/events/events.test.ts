import { expect, test } from 'vitest'
import type {
  EventPage,
  EventQuery,
  OperationEvent,
  RunEvent,
  StoreEvent,
} from '../../../runtime/store/events.ts'
import type { AppState } from '../../../tui/app/app-state.ts'
import { requestKey, requestOf } from '../../../tui/app/shown.ts'
import { parseEventFilter } from '../../../tui/screens/events/event-filter.ts'
import { type EventsData, loadEvents, maxEvents } from '../../../tui/screens/events/events-data.ts'
import { entryText, eventRows, localTime, shortText } from '../../../tui/screens/events/rows.ts'
import { events as screen } from '../../../tui/screens/events/screen.ts'
import { screens } from '../../../tui/screens/screens.ts'
import { now } from '../../support/snapshot.ts'
import { pressed, screenInput, stateOf, typed } from '../support/given.ts'

function ran(n: number, over: Partial<RunEvent> = {}, epoch = 'e'): RunEvent {
  return {
    ...{
      kind: 'run',
      cursor: `${epoch}-${n}`,
      at: now - 60_000 + n,
      run: `run-${n}`,
      job: 'pay',
      queue: 'mail',
    },
    ...{ transition: 'claim', state: 'running' },
    ...over,
  }
}

function done(
  n: number,
  operation: OperationEvent['operation'],
  over: Partial<OperationEvent> = {},
): OperationEvent {
  return { kind: 'operation', cursor: `e-${n}`, at: now - 60_000 + n, operation, ...over }
}

function many(from: number, count: number, epoch = 'e'): readonly RunEvent[] {
  return Array.from({ length: count }, (_, i) => ran(from + i, {}, epoch))
}

/** A log in memory, read as the store is read. */
class Log {
  all: readonly StoreEvent[] = []
  epoch = 'e'
  asked: EventQuery[] = []

  events = async (query: EventQuery): Promise<EventPage> => {
    this.asked.push(query)
    const { after, before, run, limit, log } = query
    const number = (cursor: string): number => Number(cursor.slice(cursor.lastIndexOf('-') + 1))
    const fitting = this.all
      .filter(({ kind }) => log === undefined || (kind === 'run') === (log === 'runs'))
      .filter((event) => before === undefined || number(event.cursor) < number(before))
      .filter((event) => run === undefined || (event.kind === 'run' && event.run === run))
    const last = (events: readonly StoreEvent[]): string =>
      events.at(-1)?.cursor ?? this.all.at(-1)?.cursor ?? `${this.epoch}-0`
    if (after === undefined || !after.startsWith(`${this.epoch}-`)) {
      const events = fitting.slice(-limit)
      return { events, cursor: last(events), ...(after === undefined ? {} : { gap: true }) }
    }
    const first = number(this.all[0]?.cursor ?? 'e-0')
    const events = fitting.filter(({ cursor }) => number(cursor) > number(after)).slice(0, limit)
    return {
      events,
      cursor: events.at(-1)?.cursor ?? after,
      ...(first > number(after) + 1 ? { gap: true } : {}),
    }
  }

  load(before?: EventsData, filter = '', wanted = 0): Promise<EventsData> {
    this.asked = []
    return loadEvents({ events: this.events }, { filter, own: {}, wanted }, before)
  }
}

function kinds({ entries }: EventsData): readonly string[] {
  return entries.map((entry) => (entry.kind === 'break' ? entry.why : entry.event.cursor))
}

test('a stream begins with the newest events, and continues after them', async () => {
  const log = new Log()
  log.all = many(1, 3)
  const first = await log.load()
  expect(kinds(first)).toEqual(['e-3', 'e-2', 'e-1'])
  log.all = many(1, 5)
  const second = await log.load(first)
  expect(kinds(second)).toEqual(['e-5', 'e-4', 'e-3', 'e-2', 'e-1'])
  expect(log.asked).toEqual([{ after: 'e-3', limit: 1_000 }])
  expect((await log.load(second)).entries).toBe(second.entries)
})

test('a gap is a line between known and new events', async () => {
  const log = new Log()
  log.all = many(1, 2)
  const first = await log.load()
  log.all = many(10, 2)
  expect(kinds(await log.load(first))).toEqual(['e-11', 'e-10', 'gap', 'e-2', 'e-1'])
})

test('a recreated store is reported, and the events of the old one remain below', async () => {
  const log = new Log()
  log.all = many(1, 2)
  const first = await log.load()
  log.epoch = 'f'
  log.all = many(1, 1, 'f')
  const second = await log.load(first)
  expect(kinds(second)).toEqual(['f-1', 'new store', 'e-2', 'e-1'])
  expect(entryText(second.entries[1] as never)).toContain('the store was emptied and created again')
  expect(kinds(await log.load(second))).toEqual(['f-1', 'new store', 'e-2', 'e-1'])
})

test('events that arrive faster than they are read are skipped to the newest, and reported', async () => {
  const log = new Log()
  log.all = many(1, 1)
  const first = await log.load()
  log.all = many(1, 9_000)
  const second = await log.load(first)
  expect(log.asked).toHaveLength(4)
  expect(kinds(second)[0]).toBe('e-9000')
  expect(kinds(second)[1_000]).toBe('skipped')
  expect(second.cursor).toBe('e-9000')
})

test('nothing is reported as skipped when the newest events reach back to the last read', async () => {
  const log = new Log()
  log.all = many(1, 1)
  const first = await log.load()
  log.all = many(1, 3_001)
  const second = await log.load(first)
  expect(kinds(second)).not.toContain('skipped')
  expect(second.entries).toHaveLength(3_001)
})

test('retains a bounded number of events', async () => {
  const log = new Log()
  log.all = many(1, 1_000)
  let data = await log.load()
  for (let n = 2; n <= 12; n++) {
    log.all = many(1, n * 1_000)
    data = await log.load(data)
  }
  expect(data.entries).toHaveLength(maxEvents)
  expect(kinds(data)[0]).toBe('e-12000')
})

test('reads older events as the list needs more rows, down to the oldest retained event', async () => {
  const log = new Log()
  log.all = many(1, 6_500)
  const first = await log.load()
  expect(first).not.toHaveProperty('ended')
  const second = await log.load(first, '', 1_100)
  expect(log.asked).toEqual([
    { after: 'e-6500', limit: 1_000 },
    { before: 'e-5501', limit: 1_000 },
  ])
  expect(kinds(second)).toEqual(
    many(4_501, 2_000)
      .map(({ cursor }) => cursor)
      .toReversed(),
  )
  const third = await log.load(second, '', 5_500)
  expect(third).toMatchObject({ isPartial: true })
  const last = await log.load(third, '', 8_000)
  expect(last).toMatchObject({ ended: true })
  expect(last).not.toHaveProperty('isPartial')
  expect(kinds(last)).toHaveLength(6_500)
  log.all = many(1, 6_501)
  expect(kinds(await log.load(last, '', 8_000))).toHaveLength(6_501)
})

test('searches older events for a filter, a few pages at a time', async () => {
  const log = new Log()
  log.all = [ran(1, { job: 'mail' }), ...many(2, 5_000)]
  const first = await log.load(undefined, 'job:mail', 100)
  expect(first).toMatchObject({ isPartial: true })
  expect(log.asked).toHaveLength(4)
  const second = await log.load(first, 'job:mail', 100)
  expect(second).toMatchObject({ ended: true })
  expect(eventRows({ data: second, place: { filter: 'job:mail' } as never }).map(({ id }) => id)).toEqual([
    'e-1',
  ])
})

test('the store finds older events of one run, and another filter drops them', async () => {
  const log = new Log()
  log.all = [ran(1, { run: 'run-x' }), ...many(2, 4_000), ran(4_002, { run: 'run-x' })]
  const data = await log.load(undefined, 'run:run-x', 100)
  expect(log.asked).toEqual([{ limit: 1_000 }, { before: 'e-3003', run: 'run-x', limit: 1_000 }])
  const rows = (filter: string): readonly string[] =>
    eventRows({ data, place: { filter } as never }).map(({ id }) => id)
  expect(rows('run:run-x')).toEqual(['e-4002', 'e-1'])
  expect(rows('')).toHaveLength(1_000)
  expect(await log.load(data)).not.toHaveProperty('ofRun')
})

function shown(events: readonly StoreEvent[]): AppState {
  const entries = events.map((event) => ({ kind: 'event', event }) as const).toReversed()
  const data: EventsData = {
    entries: [...entries.slice(0, 1), { kind: 'break', id: 'gap e-9', why: 'gap' }, ...entries.slice(1)],
    cursor: 'e-9',
  }
  return stateOf({ target: { screen: 'events' }, data })
}

const mixed = [
  ran(1, { transition: 'enqueue', state: 'ready' }),
  ran(2, { job: 'mail', run: 'abc-1', queue: 'bulk', transition: 'fail', state: 'failed' }),
  done(3, 'pause queue', { subject: 'bulk', by: 'ana', reason: 'storm' }),
  done(4, 'cancel run', { subject: 'abc-1', by: 'ana', details: { job: 'mail', queue: 'bulk' } }),
]

function ids(state: AppState): readonly string[] {
  return eventRows({
    data: [...state.data.values()][0]?.data as EventsData,
    place: state.places.visited[0] as never,
  }).map(({ id }) => id)
}

test.each([
  ['', ['e-4', 'gap e-9', 'e-3', 'e-2', 'e-1']],
  ['job:mail', ['e-4', 'gap e-9', 'e-2']],
  ['run:abc', ['e-4', 'gap e-9', 'e-2']],
  ['queue:bulk', ['e-4', 'gap e-9', 'e-3', 'e-2']],
  ['STORM', ['gap e-9', 'e-3']],
  ['!ana', ['gap e-9', 'e-2', 'e-1']],
])('the filter %j shows %j, and always shows breaks', (filter, wanted) => {
  expect(ids(typed(pressed(shown(mixed), '/'), filter))).toEqual(wanted)
})

test('an unknown part is reported', () => {
  expect(parseEventFilter('worker:w1').unknown[0]).toContain("'worker:' is not a part of this filter")
})

test('a second job is reported, and the first one remains', () => {
  expect(parseEventFilter('job:mail job:ship queue:bulk queue:bulk')).toMatchObject({
    ...{ job: 'mail', queue: 'bulk' },
    unknown: ["job: is there already, with 'mail'; a filter has one"],
  })
})

test('another level triggers a new read; another filter reuses the known events', () => {
  const key = (state: AppState): string => requestKey(requestOf(state, screens), screen.read as never)
  const both = shown(mixed)
  const operations = pressed(both, 'v')
  const runs = pressed(operations, 'v')
  expect([both, operations, runs, pressed(runs, 'v')].map(key)).toEqual([
    'both',
    'operations',
    'runs',
    'both',
  ])
  expect(key(typed(pressed(both, '/'), 'job:mail'))).toBe('both')
  expect(key(typed(pressed(both, '/'), 'ops'))).toBe('operations')
})

test('only one log is read if only one is shown', async () => {
  const log = new Log()
  log.all = mixed
  expect(kinds(await log.load(undefined, 'ops'))).toEqual(['e-4', 'e-3'])
  expect(log.asked).toEqual([{ limit: 1_000, log: 'operations' }])
})

test('enter opens the subject of an event', () => {
  const rows = (event: StoreEvent): unknown => {
    const data: EventsData = { entries: [{ kind: 'event', event }], cursor: event.cursor }
    return eventRows(screenInput({ target: { screen: 'events' }, data }))[0]?.target
  }
  expect(rows(ran(1))).toEqual({ screen: 'run', subject: 'run-1' })
  expect(rows(done(1, 'pause queue', { subject: 'bulk' }))).toEqual({ screen: 'queues', row: 'bulk' })
  expect(rows(done(1, 'worker lost', { subject: 'w1' }))).toEqual({ screen: 'workers', row: 'w1' })
  expect(rows(done(1, 'change limiter', { subject: 'stripe' }))).toEqual({ screen: 'limits', row: 'stripe' })
  expect(rows(done(1, 'trigger schedule', { subject: 'nightly' }))).toEqual({
    screen: 'cron',
    row: 'nightly',
  })
  expect(rows(done(1, 'leader changed', { subject: 'leader', by: 'w2' }))).toEqual({
    screen: 'workers',
    row: 'w2',
  })
  expect(rows(done(1, 'mute finding', { subject: 'paused-queue:bulk' }))).toEqual({
    screen: 'home',
    row: 'paused-queue:bulk',
  })
  expect(rows(done(1, 'remove run', { subject: 'r1' }))).toBeUndefined()
})

test('a run’s event is short in the list, an operation is shown in full', () => {
  const entry = (event: StoreEvent) => ({ kind: 'event', event }) as const
  const long = ran(1, { run: '01m8jgwts9dtrqvwcpz99rdfy5', transition: 'complete', state: 'completed' })
  expect(shortText(entry(long), '…')).toBe('pay …cpz99rdfy5 completed'.replace('cpz99rdfy5', 'pz99rdfy5'))
  expect(shortText(entry(mixed[2] as StoreEvent), '…')).toBe("queue 'bulk' paused by ana: 'storm'")
  expect(entryText(entry(long))).toContain("in queue 'mail'")
})

test('times use this host’s clock, with the day if it is another one', () => {
  const noon = new Date(2030, 0, 31, 12, 4, 5).getTime()
  expect(localTime(noon, noon + 1_000)).toBe('12:04:05')
  expect(localTime(noon - 86_400_000, noon)).toBe('01-30 12:04:05')
})
