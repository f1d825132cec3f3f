import { expect, test } from 'vitest'
import { encodeValue } from '../../../runtime/model/codec.ts'
import type { JournalEntry } from '../../../runtime/model/journal.ts'
import type { HistoryEntry, JournalQuery } from '../../../runtime/store/store.ts'
import type { AppState } from '../../../tui/app/app-state.ts'
import { inputOf } from '../../../tui/app/shown.ts'
import { spansText } from '../../../tui/kit/span.ts'
import type { ScreenInput } from '../../../tui/screens/screen.ts'
import { stepLines } from '../../../tui/screens/step/rows.ts'
import { loadStep, type StepData, stepOf } from '../../../tui/screens/step/step-data.ts'
import { now } from '../../support/snapshot.ts'
import { journal } from '../kit/waterfall-input.ts'
import { detailsOf } from '../support/detail-data.ts'
import { pressed, stateOf } from '../support/given.ts'

const running = detailsOf({ state: 'running', worker: 'w1', endedAt: undefined, error: undefined })
const limit429 = { name: 'StripeError', message: '429' }
const entries = journal(
  { path: 'charge', phase: 'retrying', at: now - 9_000, durationMs: 2_000, pauseMs: 5_000, error: limit429 },
  { path: 'load', phase: 'done', at: now - 8_000, value: encodeValue(1, 'result') },
  {
    path: 'charge',
    phase: 'retrying',
    attempt: 2,
    at: now - 3_000,
    durationMs: 500,
    pauseMs: 1_000,
    error: limit429,
  },
  {
    path: 'charge',
    phase: 'done',
    attempt: 3,
    at: now - 1_000,
    durationMs: 40,
    value: encodeValue({ paid: true }, 'result'),
  },
)

function shown(data: Partial<StepData> = {}): AppState {
  const own = entries.filter(({ path }) => path === 'charge')
  const step: StepData = {
    path: 'charge',
    run: running,
    history: [],
    entries: own,
    searched: 4,
    isPartial: false,
    ...data,
  }
  return stateOf({
    target: { screen: 'step', subject: 'run-8f2k charge' },
    data: step,
    size: { columns: 100, rows: 40 },
  })
}

function lines(state: AppState): readonly string[] {
  return stepLines(inputOf(state) as ScreenInput<StepData>).map(
    ({ depth, spans }) => '  '.repeat(depth) + spansText(spans),
  )
}

test('a step shows its result, then its tries, the last one first', () => {
  expect(lines(shown())).toEqual([
    'it returned',
    '  {1}',
    '    paid: true',
    'try 3 done, took 40ms  11:59:59 UTC (1.0s ago)',
    'try 2 failed, took 500ms  11:59:57 UTC (3.0s ago)  next try after a pause of 1.0s',
    '  StripeError: 429',
    'try 1 failed, took 2.0s  11:59:51 UTC (9.0s ago)  next try after a pause of 5.0s',
    '  StripeError: 429',
  ])
})

test('differences between tries: equal parts are shown once, different ones are marked', () => {
  const other = entries.map((entry) =>
    entry.attempt === 2 ? { ...entry, error: { ...limit429, message: '503' } } : entry,
  )
  const own = (all: readonly JournalEntry[]): readonly JournalEntry[] =>
    all.filter(({ path }) => path === 'charge')
  expect(lines(pressed(shown(), 'd'))).toContain('  the same error as in the try before')
  const differs = lines(pressed(shown({ entries: own(other as JournalEntry[]) }), 'd'))
  expect(differs).toContain('    - message: "429"')
  expect(differs).toContain('    + message: "503"')
})

test('a sleep reports its duration', () => {
  const sleep = journal({
    path: 'rest',
    kind: 'sleep',
    phase: 'waiting',
    at: now - 1_000,
    pauseMs: 60_000,
    remainingMs: 59_000,
  })
  expect(lines(shown({ path: 'rest', entries: sleep }))).toEqual([
    'sleeps  11:59:59 UTC (1.0s ago)  for 1m0s, 59.0s left when read',
  ])
})

test('the end of the run ends the pause before a next try, and a sleep', () => {
  const failed = detailsOf({ state: 'failed' })
  const [retrying] = entries
  expect(lines(shown({ run: failed, entries: retrying === undefined ? [] : [retrying] }))[0]).toBe(
    'try 1 failed, took 2.0s  11:59:51 UTC (9.0s ago)  no next try: the run has ended',
  )
  const sleep = journal({ path: 'rest', kind: 'sleep', phase: 'waiting', at: now - 1_000, pauseMs: 60_000 })
  expect(lines(shown({ run: failed, path: 'rest', entries: sleep }))).toEqual([
    'sleeps  11:59:59 UTC (1.0s ago)  for 1m0s; the run has ended',
  ])
})

test('the current try is shown before it has an entry', () => {
  const run = { ...running, step: { path: 'charge', openMs: 4_000, toldAgoMs: 500 } } as StepData['run'] &
    object
  expect(lines(shown({ run, entries: [] }))).toEqual([
    "It has been in step 'charge' for 4.0 s, as of 500 ms ago.",
  ])
})

test('a path with spaces is parsed in full', () => {
  expect(stepOf('run-1 send the mail/to[a b]')).toEqual({ id: 'run-1', path: 'send the mail/to[a b]' })
})

test('only the entries of the step are read, and then those at the end of the journal', async () => {
  const many = journal(
    ...Array.from({ length: 2_600 }, (_, i) => ({ path: i < 7 ? 'load' : 'charge', phase: 'done' })),
  )
  const reads: number[] = []
  let history: readonly HistoryEntry[] = []
  const inspector = {
    run: async () => ({ ...running, position: many.length }),
    history: async () => history,
    journal: async (_: string, { after, limit, path }: JournalQuery) => {
      reads.push(after)
      return many.filter((entry) => entry.position > after && entry.path === path).slice(0, limit)
    },
  }
  const load = (before?: StepData): Promise<StepData> =>
    loadStep(inspector, { subject: 'run-8f2k charge' }, before)
  const first = await load()
  expect(first).toMatchObject({ isPartial: true, searched: 2_007 })
  const second = await load(first)
  expect(second.isPartial).toBe(false)
  expect(second.entries.map(({ position }) => position)).toEqual(
    many.slice(7).map(({ position }) => position),
  )
  reads.length = 0
  await load(second)
  expect(reads).toEqual([2_600])
  history = [{ at: now, kind: 'retry' }]
  reads.length = 0
  await load(second)
  expect(reads[0]).toBe(0)
})

test('J goes from each line of a step to its run and its related places', () => {
  const [line] = stepLines(inputOf(shown()) as ScreenInput<StepData>)
  expect(line?.jumps?.map(({ target }) => target.screen)).toEqual(['run', 'workers', 'queues', 'runs'])
})
