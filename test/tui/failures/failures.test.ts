import { expect, test } from 'vitest'
import type { FailureFilter } from '../../../runtime/store/failures.ts'
import type { AppState } from '../../../tui/app/app-state.ts'
import { inputOf } from '../../../tui/app/shown.ts'
import { spansText } from '../../../tui/kit/span.ts'
import { failureDetail } from '../../../tui/screens/failures/detail.ts'
import { parseFailureFilter } from '../../../tui/screens/failures/failure-filter.ts'
import { type FailuresData, loadFailures } from '../../../tui/screens/failures/failures-data.ts'
import { failureIncident } from '../../../tui/screens/failures/incident.ts'
import { type FailureRow, failedNowText, failureRows } from '../../../tui/screens/failures/rows.ts'
import type { ScreenInput } from '../../../tui/screens/screen.ts'
import { now, operation, worker } from '../../support/snapshot.ts'
import { groupOf } from '../support/detail-data.ts'
import { fleetOf, pressed, stateOf, typed } from '../support/given.ts'

const groups = [
  groupOf(),
  groupOf({
    fingerprint: 'f1:aaaaaaaaaaaa',
    job: 'mail',
    step: '',
    name: 'TypeError',
    text: 'no sku',
    failedNow: 0,
    firstAt: now - 9_000_000,
  }),
]
const data: FailuresData = { groups, isCut: false, order: 'latest', unknown: [] }

/** Version 17 of `ship` joined after version 16 was there. */
const fleet = fleetOf({
  operations: [
    operation('worker joined', 7_200_000, { subject: 'w1', details: { ship: 16, mail: 3 } }),
    operation('worker joined', 760_000, { subject: 'w2', details: { ship: 17, mail: 3 } }),
  ],
  workers: [worker('w2', { ship: 17, mail: 3 }, { startedAt: now - 760_000 })],
})

function shown(over: Partial<FailuresData> = {}): AppState {
  return stateOf({ target: { screen: 'failures' }, fleet, data: { ...data, ...over } })
}

function input(state: AppState): ScreenInput<FailuresData> {
  return inputOf(state) as ScreenInput<FailuresData>
}

function ids(state: AppState): readonly string[] {
  return failureRows(input(state)).map(({ id }) => id)
}

test('a group opens its runs by its fingerprint, and J goes to its sample', () => {
  const [row] = failureRows(input(shown()))
  expect(row).toMatchObject({
    id: 'f1:0123456789ab',
    thing: { kind: 'failure', failedNow: 1_204 },
    target: { screen: 'runs', filter: 'by:f1:0123456789ab' },
    jumps: [{ target: { screen: 'run', subject: 'run-8f2k' } }],
  })
})

test('a group without failed runs opens its sample, and its report says that tries fail', () => {
  const state = shown({ groups: [groupOf({ failedNow: 0, runs: 0 })] })
  const [row] = failureRows(input(state))
  expect(row?.target).toEqual({ screen: 'run', subject: 'run-8f2k' })
  const { title, runs } = failureIncident(input(state), row as FailureRow)
  expect(title).toBe('tries of ship fail: StripeError: <n> rate_limit')
  expect(runs).toEqual([{ id: 'run-8f2k', text: 'the one whose try failed last' }])
})

test('a failure first seen with the newest version is marked with that version', () => {
  const [ship, mail] = failureRows(input(shown()))
  expect(ship?.newSince).toMatchObject({ job: 'ship', version: 17 })
  expect(mail?.newSince).toBeUndefined()
})

test.each([
  ['job:mail', ['f1:aaaaaaaaaaaa']],
  ['step:charge', ['f1:0123456789ab']],
  ['now', ['f1:0123456789ab']],
  ['new', ['f1:0123456789ab']],
  ['TYPEerror', ['f1:aaaaaaaaaaaa']],
  ['!sku', ['f1:0123456789ab']],
  ['err:sku', ['f1:aaaaaaaaaaaa']],
  ['!err:sku', ['f1:0123456789ab']],
  ['f1:aaaa', ['f1:aaaaaaaaaaaa']],
  ['', ['f1:0123456789ab', 'f1:aaaaaaaaaaaa']],
])('the filter %j shows %j', (filter, wanted) => {
  expect(ids(typed(pressed(shown(), '/'), filter))).toEqual(wanted)
})

test('an unknown part is reported, with the known ones', () => {
  expect(parseFailureFilter('queue:mail').unknown).toEqual([
    "'queue:' is not a part of this filter; write job:NAME step:NAME now new WORDS !WORDS",
  ])
})

test('a second job is reported, and the first one remains', () => {
  expect(parseFailureFilter('job:mail job:ship step:a step:a')).toMatchObject({
    ...{ job: 'mail', step: 'a' },
    unknown: ["job: is there already, with 'mail'; a filter has one"],
  })
})

test('reads as many groups as are wanted, and all of them for a search by words', async () => {
  const asked: FailureFilter[] = []
  const inspector = {
    failures: async (filter: FailureFilter) => {
      asked.push(filter)
      return groups
    },
  }
  const load = (filter: string, sort?: { column: string; descending: boolean }): Promise<FailuresData> =>
    loadFailures(inspector, { filter, wanted: 100, ...(sort === undefined ? {} : { sort }) })
  await load('')
  await load('job:ship', { column: 'tries', descending: true })
  await load('timeout')
  expect(asked).toEqual([
    { order: 'latest', limit: 100 },
    { order: 'most', limit: 100, job: 'ship' },
    { order: 'latest', limit: 1_000 },
  ])
})

test('the reverse order is the list from its end', () => {
  const flipped = pressed(shown(), 'S')
  expect(ids(flipped)).toEqual(['f1:aaaaaaaaaaaa', 'f1:0123456789ab'])
})

test('the detail has separate counts, the sample and the command that retries the runs', () => {
  const [row] = failureRows(input(shown()))
  const lines = failureDetail(row as FailureRow, {
    now,
    width: 120,
    look: input(shown()).look,
    store: 'redis://host',
  }).map(spansText)
  const text = lines.join('\n')
  expect(text).toContain(' StripeError: <n> rate_limit')
  expect(text).toContain(" in ship, step 'charge'  version 17  new since version 17 began 12m40s ago")
  expect(text).toContain(' failed now 1,204  failed for good 1,204  tries 1,260, 642 in 1h, 285 in 5m ')
  expect(text).toContain(' sample run-8f2k J opens it')
  expect(text).toContain(' retry durable-jobs retry --fingerprint f1:0123456789ab --store redis://host ')
  expect(text).toMatch(/last hour ▁+.*█ {2}at most 59\/min/)
})

test('on a narrow terminal the new-failure mark has its own line, in full', () => {
  const [row] = failureRows(
    input(shown({ groups: [groupOf({ job: 'ship', step: 'charge the card of the order' })] })),
  )
  const { look } = input(shown())
  const lines = failureDetail(row as FailureRow, { now, width: 80, look, store: undefined }).map(spansText)
  expect(lines).toContain(' new since version 17 began 12m40s ago')
  expect(lines.filter((line) => line.includes('…'))).toEqual([])
})

test('offers no retry if no run is failed', () => {
  const row = failureRows(input(shown()))[1] as FailureRow
  const text = failureDetail(row, { now, width: 120, look: input(shown()).look, store: undefined })
    .map(spansText)
    .join('\n')
  expect(text).not.toContain('retry')
})

test('the title counts runs and groups', () => {
  expect(failedNowText(failureRows(input(shown())))).toBe('1,204 runs are failed now in 1 of 2 groups')
  expect(failedNowText([])).toBe('no run is failed now')
})

test('a report names the cause and its context', () => {
  const [row] = failureRows(input(shown()))
  const incident = failureIncident(input(shown()), row as FailureRow)
  expect(incident.nearby).toContain('new since version 17 of ship')
  expect(incident.runCount).toBe(1_204)
  expect(incident.commands).toEqual([
    'durable-jobs runs --fingerprint f1:0123456789ab',
    'durable-jobs show run-8f2k',
    'durable-jobs retry --fingerprint f1:0123456789ab',
  ])
})

test('a report on one failed run counts one', () => {
  const group = groupOf({ tries: 1, runs: 1, failedNow: 1, perMinute: [] })
  const state = shown({ groups: [group] })
  const [row] = failureRows(input(state))
  const { title, causes } = failureIncident(input(state), row as FailureRow)
  expect(title).toBe('1 run of ship is failed: StripeError: <n> rate_limit')
  expect(causes[1]).toBe('1 run failed for good; 1 failed try, 0 of them in the last hour.')
})
