import { expect, test } from 'vitest'
import type { RunState } from '../../../runtime/model/run.ts'
import { actionVerbs } from '../../../tui/actions/verbs.ts'
import type { AppState } from '../../../tui/app/app-state.ts'
import { shownPlace } from '../../../tui/app/places.ts'
import { inputOf } from '../../../tui/app/shown.ts'
import type { Thing } from '../../../tui/app/thing.ts'
import { spansText } from '../../../tui/kit/span.ts'
import { runCopies, runPage } from '../../../tui/screens/run/copies.ts'
import { detailRows } from '../../../tui/screens/run/detail-rows.ts'
import { headLines } from '../../../tui/screens/run/head.ts'
import { runIncident } from '../../../tui/screens/run/incident.ts'
import { jumpsOf } from '../../../tui/screens/run/jumps.ts'
import type { KnownRun, RunData } from '../../../tui/screens/run/run-data.ts'
import { modelOf, stepRows, weightiestRow } from '../../../tui/screens/run/step-rows.ts'
import type { ScreenInput } from '../../../tui/screens/screen.ts'
import { now } from '../../support/snapshot.ts'
import { detailsOf, knownRun } from '../support/detail-data.ts'
import { pressed, stateOf } from '../support/given.ts'

function shown(data: RunData = knownRun(), columns = 100): AppState {
  return stateOf({ target: { screen: 'run', subject: 'run-8f2k' }, data, size: { columns, rows: 40 } })
}

function input(state: AppState = shown()): ScreenInput<RunData> {
  return inputOf(state) as ScreenInput<RunData>
}

function details(state: AppState): readonly string[] {
  return detailRows(input(state)).map(({ depth, spans }) => '  '.repeat(depth) + spansText(spans))
}

function waitingRun(): KnownRun {
  return knownRun({
    run: detailsOf({
      ...{ state: 'waiting', waitingFor: { kind: 'limit', name: 'stripe' }, endedAt: undefined },
      ...{ error: undefined, fingerprint: undefined, escaped: undefined, scheduledFor: now - 60_000 },
    }),
    places: [{ limiter: 'stripe', path: 'charge', holders: ['r1', 'r2'] } as never],
  })
}

test('the head shows the run, its state and the reason', () => {
  const [state, facts, times] = headLines(knownRun(), input(shown(knownRun(), 160))).map(spansText)
  expect(state).toBe(' ✖ failed 1.0s ago  charge: StripeError: 429 rate_limit')
  expect(facts).toBe(' queue media  attempt 1  losses 1  tags eu  unique order:9912 ')
  expect(times).toContain(
    ' enqueued 11:59:00 UTC (1m0s ago)  started 11:59:02 UTC (58.0s ago)  ended 11:59:59 UTC',
  )
})

test('the head reports an end that happened meanwhile', () => {
  const [state = ''] = headLines(knownRun({ endedAs: 'failed' }), input()).map(spansText)
  expect(state).toContain('it failed while you looked')
})

test('the waterfall has the run, its scopes and its steps; a step opens its own screen', () => {
  const rows = stepRows(input())
  expect(rows.map(({ id }) => id)).toEqual([
    'run',
    'step load',
    'scope items',
    'step items/pack',
    'step rest',
    'step charge',
  ])
  expect(rows.at(-1)).toMatchObject({
    target: { screen: 'step', subject: 'run-8f2k charge' },
    thing: { kind: 'step', id: 'charge', run: 'run-8f2k', state: 'failed' },
  })
  expect(rows[0]).toMatchObject({ thing: { kind: 'run', id: 'run-8f2k', state: 'failed' } })
})

test('the state of a run decides whether its steps accept an action', () => {
  const { retry, cancel } = actionVerbs()
  const context = (runState: RunState) => {
    const thing: Thing = { kind: 'step', id: 'charge', run: 'run-8f2k', state: runState }
    const { environment, places } = shown()
    return { environment, place: shownPlace(places), things: [thing] }
  }
  expect(retry?.refusal(context('failed'))).toBeUndefined()
  expect(retry?.refusal(context('running'))).toContain('running')
  expect(cancel?.refusal(context('running'))).toBeUndefined()
})

test('a scope folds its content', () => {
  const folded = pressed(shown(), 'g', 'j', 'j', 'f')
  expect(stepRows(input(folded)).map(({ id }) => id)).not.toContain('step items/pack')
  expect(stepRows(input(folded))[2]).toMatchObject({ fold: 'folded' })
  expect(stepRows(input(pressed(folded, 'enter'))).map(({ id }) => id)).toContain('step items/pack')
})

test('the cursor starts on the step that failed the run, or on the open one', () => {
  expect(weightiestRow(input())).toBe('step charge')
  const run = detailsOf({
    ...{ state: 'running', worker: 'w1', changedAt: now - 9_000, endedAt: undefined, escaped: undefined },
    step: { path: 'pay', openMs: 3_000, toldAgoMs: 0 },
  })
  expect(weightiestRow(input(shown(knownRun({ run }))))).toBe('step pay')
  expect(weightiestRow(input(shown(knownRun({ run: detailsOf({ state: 'completed' }) }))))).toBeUndefined()
})

test('the lower pane starts with the most important tab for the state of the run', () => {
  expect(details(shown())[0]).toContain('StepFailedError')
  expect(details(shown(waitingRun()))[0]).toBe('It failed 1.0 s ago: 429.')
  const output = detailsOf({ state: 'completed', output: detailsOf().input, error: undefined })
  expect(details(shown(knownRun({ run: output })))).toContain('  orderId: 9912')
})

test('why: the sentences, other runs that failed the same way, and the next action', () => {
  expect(details(pressed(shown(), 'W'))).toEqual([
    'It failed 1.0 s ago: 429.',
    'It goes on from its stored steps by: durable-jobs retry run-8f2k.',
    '1,204 runs are failed now in this way: J leads to them.',
    'To do: go on from the stored steps: durable-jobs retry run-8f2k',
  ])
})

test('an error shows its causes and the first frame in a user’s file; unfolded, its whole stack and its fields', () => {
  const state = pressed(shown(), 'tab')
  expect(details(state)).toEqual([
    "StepFailedError: step 'charge' failed after 2 attempts: 429 [STEP_FAILED]",
    'caused by StripeError: 429 rate_limit [rate_limit]',
    '  at charge (/app/src/billing.ts:88:11)  ← your code',
    "from step 'charge', which has no attempt left",
  ])
  expect(details(pressed(state, 'j', 'f'))).toEqual([
    "StepFailedError: step 'charge' failed after 2 attempts: 429 [STEP_FAILED]",
    'caused by StripeError: 429 rate_limit [rate_limit]',
    '  at post (/app/node_modules/stripe/lib.js:9:1)',
    '  at charge (/app/src/billing.ts:88:11)  ← your code',
    '  at run (/app/src/jobs.ts:12:3)',
    "from step 'charge', which has no attempt left",
  ])
})

test('values fold by line, and folds survive a new read of the run', () => {
  const state = pressed(shown(), 'i', 'tab', 'j', 'j', 'enter')
  expect(details(state)).toEqual(['{2}', '  orderId: 9912', '  items: [ 1, 2, 3 ]'])
  const again = stateOf({ target: { screen: 'run' }, data: knownRun(), size: state.size })
  const place = { ...state.places, visited: state.places.visited.map((one) => ({ ...one, id: 0 })) }
  expect(details({ ...again, places: place })).toEqual(['{2}', '  orderId: 9912', '  items: [ 1, 2, 3 ]'])
})

test('history shows losses with the worker, and J opens it', () => {
  const state = pressed(shown(), 'H')
  expect(details(state)).toEqual(['11:59:04Z  56.0s ago  lost its worker w-91cc: its lease expired'])
  expect(detailRows(input(state))[0]?.jumps).toMatchObject([{ target: { screen: 'workers', row: 'w-91cc' } }])
  expect(details(pressed(shown(knownRun({ history: [] })), 'H'))[0]).toContain('no history besides its steps')
})

test('history shows executions between events, by their claim', () => {
  const executions = [
    {
      n: 1,
      claimedAt: now - 58_000,
      waitedMs: 2_000,
      worker: 'w-91cc',
      version: 12,
      end: { at: now - 56_000, transition: 'lose' },
    },
    {
      n: 2,
      claimedAt: now - 50_000,
      waitedMs: 1_000,
      worker: 'w2',
      end: { at: now - 9_000, transition: 'back off', until: now - 4_000 },
    },
    { n: 3, claimedAt: now - 3_000 },
  ] as const
  const state = pressed(shown(knownRun({ executions })), 'H')
  expect(details(state)).toEqual([
    '11:59:02Z  58.0s ago  execution 1 on w-91cc, version 12, queued 2.0s, ran 2.0s, its worker was lost',
    '11:59:04Z  56.0s ago  lost its worker w-91cc: its lease expired',
    '11:59:10Z  50.0s ago  execution 2 on w2, queued 1.0s, ran 41.0s, threw between steps, next after 5.0s',
    '11:59:57Z   3.0s ago  execution 3, runs',
  ])
  expect(detailRows(input(state))[2]?.jumps).toMatchObject([{ target: { screen: 'workers', row: 'w2' } }])
})

test('tabs cycle', () => {
  expect(pressed(shown(), '.').places.visited[0]?.own.tab).toBe('input')
  expect(pressed(shown(), ',', ',').places.visited[0]?.own.tab).toBe('about')
})

test('about: every fact of the record', () => {
  const text = details(pressed(shown(knownRun({ run: detailsOf({ headers: { trace: 'abc' } }) })), 'A')).join(
    '\n',
  )
  expect(text).toContain('job       ship, version 12')
  expect(text).toContain("unique    'order:9912', free again")
  expect(text).toContain('header    trace=abc')
})

test('missing data is explained', () => {
  expect(details(pressed(shown(waitingRun()), 'e'))[0]).toContain('it has no error now')
  expect(details(pressed(shown(), 'u'))[0]).toContain('it has no output: it is failed')
})

test('J goes to limiter, holders, failure, queue and schedules', () => {
  const targets = (data: KnownRun): readonly unknown[] => jumpsOf(data).map(({ target }) => target)
  expect(targets(knownRun())).toContainEqual({ screen: 'failures', row: 'f1:0123456789ab' })
  expect(targets(waitingRun())).toEqual([
    { screen: 'limits', row: 'stripe' },
    { screen: 'run', subject: 'r1' },
    { screen: 'run', subject: 'r2' },
    { screen: 'queues', row: 'media' },
    { screen: 'cron', filter: 'job:ship' },
    { screen: 'runs', filter: 'job:ship unique:order:9912' },
    { screen: 'runs', filter: 'job:ship' },
  ])
})

test('each copy has one letter', () => {
  for (const data of [knownRun(), waitingRun()]) {
    const copies = runCopies(input(shown(data))).map(({ key }) => key)
    expect(new Set([...copies, 'y']).size).toBe(copies.length + 1)
  }
})

test('copies are complete: JSON of the input, the error with its stack', () => {
  const copies = new Map(runCopies(input()).map(({ key, text }) => [key, text]))
  expect(JSON.parse(copies.get('i') ?? '')).toEqual({ orderId: 9912, items: [1, 2, 3] })
  expect(copies.get('e')).toContain('at post (/app/node_modules/stripe/lib.js:9:1)')
})

test('the pager gets the whole tab, unfolded', () => {
  expect(runPage(input())?.text).toContain('at post (/app/node_modules')
  expect(runPage(input(pressed(shown(), 'i')))?.text).toBe('{ orderId: 9912, items: [ 1, 2, 3 ] }\n')
})

test('a report has the cause, the tries in the timeline, and commands for the store in use', () => {
  const state = stateOf({
    target: { screen: 'run' },
    data: knownRun(),
    environment: { store: 'redis://host' },
  })
  const incident = runIncident(input(state))
  expect(incident?.title).toBe('run run-8f2k of ship is failed')
  expect(incident?.causes[0]).toContain('429')
  expect(incident?.moments?.map(({ text }) => text)).toContain(
    "step 'charge', try 2: StripeError: 429 rate_limit",
  )
  expect(incident?.commands).toContain('durable-jobs retry run-8f2k --store redis://host')
})

test('an unchanged read reuses the waterfall; a loss or a longer journal rebuilds it', () => {
  const data = knownRun()
  const model = modelOf(data, 0)
  expect(modelOf({ ...data, readAt: now + 1_000, sentences: ['It is there.'] }, 5)).toBe(model)
  const lost = { ...data, history: [...data.history, { at: now - 2_000, kind: 'lost' } as const] }
  expect(modelOf(lost, 0).marks).toHaveLength(2)
  const longer = { ...data, journal: { ...data.journal, entries: [...data.journal.entries] } }
  expect(modelOf(longer, 0)).not.toBe(model)
})
