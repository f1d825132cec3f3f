import { describe, expect, test } from 'vitest'
import { textWidth } from '../../runtime/cli/plain-text.ts'
import { encodeValue } from '../../runtime/model/codec.ts'
import type { StoreCheck } from '../../runtime/store/store.ts'
import type { AppState } from '../../tui/app/app-state.ts'
import { lookOf } from '../../tui/kit/look.ts'
import type { DoctorData } from '../../tui/screens/doctor/rows.ts'
import type { EventsData } from '../../tui/screens/events/events-data.ts'
import type { FailuresData } from '../../tui/screens/failures/failures-data.ts'
import type { KnownRun } from '../../tui/screens/run/run-data.ts'
import type { Size } from '../../tui/screens/screen.ts'
import type { StepData } from '../../tui/screens/step/step-data.ts'
import { now, operation } from '../support/snapshot.ts'
import { journal } from './kit/waterfall-input.ts'
import { detailsOf, groupOf, knownRun, stripeError } from './support/detail-data.ts'
import { frameOf, sizes } from './support/frame.tsx'
import { fleetOf, pressed, stateOf } from './support/given.ts'

type Options = { readonly size: Size; readonly ascii?: boolean }

function shown(target: Parameters<typeof stateOf>[0] & object, { size, ascii = false }: Options): AppState {
  return stateOf({ ...target, size, ...(ascii ? { environment: { look: lookOf({ ascii }) } } : {}) })
}

function runState(data: KnownRun, options: Options): AppState {
  return shown({ target: { screen: 'run', subject: data.run.id }, data }, options)
}

const runningRun = (): KnownRun =>
  knownRun({
    run: detailsOf({
      ...{
        state: 'running',
        worker: 'w-3fa2',
        changedAt: now - 20_000,
        endedAt: undefined,
        error: undefined,
      },
      ...{ escaped: undefined, fingerprint: undefined, step: { path: 'ship', openMs: 9_000, toldAgoMs: 0 } },
    }),
    sentences: ['It has been running on w-3fa2 for 20.0 s (since 11:59:40 UTC).'],
    next: '',
  })

const failures: FailuresData = {
  groups: [
    groupOf(),
    groupOf({ fingerprint: 'f1:bbbbbbbbbbbb', failedNow: 0, runs: 0, tries: 8, job: 'mail' }),
  ],
  ...{ isCut: false, order: 'latest', unknown: [] },
}

const events: EventsData = {
  entries: [
    {
      kind: 'event',
      event: operation('worker lost', 1_000, { subject: 'w-91cc', count: 3, details: { cause: 'lease' } }),
    },
    { kind: 'break', id: 'gap', why: 'gap' },
    {
      kind: 'event',
      event: {
        ...{ kind: 'run', cursor: 'e-0', at: now - 3_000, run: 'run-8f2k', job: 'ship', queue: 'media' },
        ...{ transition: 'fail', state: 'failed' },
      },
    },
  ],
  cursor: 'e-9',
}

const step: StepData = {
  ...{ path: 'charge', run: detailsOf(), history: [], searched: 6, isPartial: false },
  entries: journal(
    {
      path: 'charge',
      phase: 'retrying',
      at: now - 9_000,
      durationMs: 2_000,
      pauseMs: 5_000,
      error: stripeError,
    },
    {
      path: 'charge',
      phase: 'done',
      attempt: 2,
      at: now - 1_000,
      durationMs: 40,
      value: encodeValue({ paid: true }, 'result'),
    },
  ),
}

const states: Readonly<Record<string, (options: Options) => AppState>> = {
  'a failed run': (options) => runState(knownRun(), options),
  'its error': (options) => pressed(runState(knownRun(), options), 'tab'),
  'its history': (options) => pressed(runState(knownRun(), options), 'H', 'tab'),
  'a running run': (options) => runState(runningRun(), options),
  'its waits drawn short': (options) => pressed(runState(runningRun(), options), 'w'),
  'no run': (options) =>
    shown(
      {
        target: { screen: 'run', subject: 'nix' },
        data: { kind: 'unknown', id: 'nix', sentences: ['No run has this id.'] },
      },
      options,
    ),
  'a step': (options) =>
    shown({ target: { screen: 'step', subject: 'run-8f2k charge' }, data: step }, options),
  failures: (options) => shown({ target: { screen: 'failures' }, data: failures, fleet: fleetOf() }, options),
  'no failures': (options) =>
    shown({ target: { screen: 'failures' }, data: { ...failures, groups: [] } }, options),
  events: (options) => shown({ target: { screen: 'events' }, data: events }, options),
  'no events': (options) =>
    shown({ target: { screen: 'events' }, data: { entries: [], cursor: 'e-0' } }, options),
}

describe.each(sizes)('at $columns x $rows', (size) => {
  test.each(Object.keys(states))('%s is a frame of that size, and also in ASCII only', (name) => {
    for (const ascii of [false, true]) {
      const lines = frameOf((states[name] as (options: Options) => AppState)({ size, ascii }))
      expect(lines).toHaveLength(size.rows)
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(size.columns)
      if (ascii) expect(lines.join('')).toMatch(/^[\x20-\x7e]*$/)
    }
  })

  test('a failed run shows its cause at once: the step, its tries, the error and the line of code', () => {
    const text = frameOf(runState(knownRun(), { size })).join('\n')
    expect(text).toMatch(/▸ +charge +✖ +2x/)
    expect(text).toContain('caused by StripeError: 429 rate_limit [rate_limit]')
    expect(text).toContain('at charge (/app/src/billing.ts:88:11)  ← your code')
  })

  test('a running run shows its open step as growing, and where the run is', () => {
    const early = frameOf(runState(runningRun(), { size })).find((line) => /▸ +ship/.test(line))
    expect(early).toMatch(/▶ +9\.0s .*█▶$/)
    const later = { ...runState(runningRun(), { size }), now: now + 30_000 }
    expect(frameOf(later).find((line) => /▸ +ship/.test(line))).toMatch(/▶ +39\.0s .*█▶$/)
  })

  test('losses are marked on the clock and described below it', () => {
    const text = frameOf(runState(runningRun(), { size })).join('\n')
    expect(text).toMatch(/ship +▶ .*☠/)
    expect(text).toContain('lost its worker w-91cc: its lease expired; now on w-3fa2')
  })

  test('failures show separate counts, a trend and the detail of the one under the cursor', () => {
    const text = frameOf(shown({ target: { screen: 'failures' }, data: failures }, { size })).join('\n')
    expect(text).toMatch(/▸ +✖ 1,204 .* StripeError/)
    expect(text).toContain('retry durable-jobs retry --fingerprint f1:0123456789ab')
    expect(text).toContain('sample run-8f2k J opens it')
  })

  test('the stream shows that it follows, and a break is its own line', () => {
    const state = shown({ target: { screen: 'events' }, data: events }, { size })
    const text = frameOf(state).join('\n')
    expect(text).toContain('events following')
    expect(text).toMatch(/▸ .* op +worker w-91cc lost: its lease expired/)
    expect(text).toMatch(/! +gap: earlier events were dropped/)
    expect(frameOf(pressed(state, 'j', 'j')).join('\n')).toContain('frozen, 2 newer above (g follows)')
  })
})

test('parts of a failure without room are counted, and zoom shows them', () => {
  const groups = [groupOf({ text: 'the provider said why in many words '.repeat(6) })]
  const size = { columns: 80, rows: 24 }
  const state = shown({ target: { screen: 'failures' }, data: { ...failures, groups } }, { size })
  const text = frameOf(state).join('\n')
  expect(text).toMatch(/ \d+ more lines: z/)
  expect(text).not.toContain('durable-jobs retry --fingerprint')
  const zoomed = frameOf(pressed(state, 'z')).join('\n')
  expect(zoomed).toContain('durable-jobs retry --fingerprint f1:0123456789ab')
  expect(zoomed).not.toContain('more lines')
})

test('parts of a check without room are counted, and zoom shows them', () => {
  const found = 'one shard of the cluster did not reply in time '.repeat(20)
  const check: StoreCheck = { name: 'shards', verdict: 'warning', found, remedy: 'look at its log' }
  const data: DoctorData = { checks: [check], isQuick: false, address: 'redis://host', version: '1.2.3' }
  const state = shown({ target: { screen: 'doctor' }, data }, { size: { columns: 80, rows: 24 } })
  const text = frameOf(state).join('\n')
  expect(text).toMatch(/ \d+ more lines: z/)
  expect(text).not.toContain('to do: look at its log')
  expect(frameOf(pressed(state, 'z')).join('\n')).toContain('to do: look at its log')
})

test('the lower pane takes the larger part when it has the focus', () => {
  const size = { columns: 80, rows: 24 }
  const ruleOf = (state: AppState): number => frameOf(state).findIndex((line) => line.includes('─ input '))
  const input = encodeValue(
    Array.from({ length: 30 }, (_, i) => i),
    'input',
  )
  const state = pressed(runState(knownRun({ run: detailsOf({ input }) }), { size }), 'i')
  expect(ruleOf(pressed(state, 'tab'))).toBeLessThan(ruleOf(state))
})
