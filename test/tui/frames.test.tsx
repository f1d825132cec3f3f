import { renderToString } from 'ink'
import { render } from 'ink-testing-library'
import { describe, expect, test } from 'vitest'
import { textWidth } from '../../runtime/cli/plain-text.ts'
import type { Run } from '../../runtime/model/run.ts'
import { actionVerbs } from '../../tui/actions/verbs.ts'
import { App } from '../../tui/app/app.ts'
import type { AppState } from '../../tui/app/app-state.ts'
import { screenNames } from '../../tui/app/place.ts'
import { shownPlace } from '../../tui/app/places.ts'
import { unknownFleet } from '../../tui/fleet/fleet.ts'
import type { FleetView } from '../../tui/fleet/fleet-view.ts'
import { AppView, FrameView } from '../../tui/kit/app-view.tsx'
import { keysLine } from '../../tui/kit/foot-lines.ts'
import { lookOf } from '../../tui/kit/look.ts'
import { spansText } from '../../tui/kit/span.ts'
import { screens } from '../../tui/screens/screens.ts'
import { Suspension } from '../../tui/terminal/suspension.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { now, queue, worker } from '../support/snapshot.ts'
import { deps, findingOf, fleetOf, pressed, runOf, stateOf, typed } from './support/given.ts'

function linesOf(state: AppState): readonly string[] {
  const { columns } = state.size
  return renderToString(<FrameView state={state} deps={deps} />, { columns }).split('\n')
}

const busy = fleetOf(
  {
    queues: [queue('mail', { ready: 12_345, oldestReadyMs: 372_000 }), queue('import', { ready: 4 })],
    workers: [worker('w-1', { pay: 17 }, { running: 7 }), worker('w-2', { pay: 16 }, { lost: true })],
    leaders: [{ role: 'leader', term: 3, worker: 'w-1', since: now - 60_000, termLeftMs: 9_000, duties: {} }],
  },
  {
    findings: Array.from({ length: 30 }, (_, i) =>
      findingOf(`unserved:job ${i}`, {
        sentence: `Finding ${i}: ${'long '.repeat(60)}`,
        severity: 'critical',
      }),
    ),
  },
)

const sizes = [
  [40, 10],
  [80, 24],
  [120, 30],
  [160, 45],
  [240, 67],
] as const

describe.each(sizes)('at %d x %d', (columns, rows) => {
  const size = { columns, rows }
  const shown: Readonly<Record<string, AppState>> = {
    home: stateOf({ size, fleet: busy }),
    'home of an empty store': stateOf({ size }),
    runs: stateOf({ size, target: { screen: 'runs' } }),
    doctor: stateOf({ size, target: { screen: 'doctor' } }),
    help: pressed(stateOf({ size, fleet: busy }), '?'),
    palette: pressed(stateOf({ size, fleet: busy }), 'ctrl-p'),
    'sort picker': pressed(stateOf({ size, target: { screen: 'runs' } }), 's'),
    filter: typed(pressed(stateOf({ size, target: { screen: 'runs' } }), '/'), 'x'.repeat(300)),
    'in production': stateOf({ size, fleet: busy, environment: { isProduction: true, write: true } }),
  }
  test.each(Object.keys(shown))('%s is a frame of that size', (name) => {
    const lines = linesOf(shown[name] ?? stateOf())
    expect(lines).toHaveLength(rows)
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns)
  })
})

test('the help of a screen has each of its keys, one per line', () => {
  const state = pressed(stateOf({ size: { columns: 100, rows: 60 } }), '?')
  const lines = linesOf(state)
  for (const text of ['moves the cursor down', 'freezes the view', 'quits at once']) {
    expect(lines.filter((line) => line.includes(text))).toHaveLength(1)
  }
  expect(lines.find((line) => line.includes('moves the cursor down'))).toMatch(/^ move +j ↓ +moves/)
})

test('a help that is longer than the screen is cut, not squeezed', () => {
  const lines = linesOf(pressed(stateOf(), '?'))
  expect(lines[2]).toMatch(/^── keys of Home, \d+ more below ─+$/)
  expect(lines[3]).toMatch(/^ go +enter → l +opens the row under the cursor$/)
  expect(lines[4]).toMatch(/^ +esc ← h +closes messages/)
})

test('the help of a key is complete on a narrow terminal', () => {
  const text = linesOf(pressed(stateOf(), '?')).join(' ').replace(/\s+/g, ' ')
  expect(text).toContain('goes to a related worker, queue, limiter, schedule or run')
  expect(text).not.toContain('…')
})

test('findings without room are counted', () => {
  const [line = ''] = linesOf(stateOf({ fleet: busy })).filter((one) => one.includes('needs attention'))
  expect(line).toContain('24 more below')
})

test('a search in the help shows only matching keys', () => {
  const state = typed(pressed(stateOf({ size: { columns: 100, rows: 60 } }), '?'), 'unfreezes')
  const found = linesOf(state).filter((line) => /^ \w* +\S+ +(moves|freezes|opens|shows) /.test(line))
  expect(found).toHaveLength(1)
})

test('the status of the store is visible beside a store name of any length', () => {
  const address = `sqlite:/${'folder/'.repeat(40)}jobs.db`
  const [line = ''] = linesOf(stateOf({ fleet: busy, environment: { address } }))
  expect(line).toContain('live 2ms')
  expect(line).toContain('jobs.db')
  expect(line).toContain('READ-ONLY')
})

test('production is a word, not only a color', () => {
  expect(linesOf(stateOf({ environment: { isProduction: true, name: 'eu-1' } }))[0]).toContain('PROD eu-1')
})

test('a cursor is visible without color', () => {
  const lines = linesOf(pressed(stateOf({ fleet: busy }), 'j'))
  expect(lines.find((line) => line.includes('Finding 1:'))).toMatch(/^▸ /)
})

test('content under a dialog is cut, not squeezed', () => {
  const home = stateOf({ fleet: busy })
  const whole = linesOf(home)
  const items = [1, 2, 3].map((n) => ({ label: `choice ${n}`, pick: () => ({ state: home, effects: [] }) }))
  const mode = { kind: 'picker', picker: { title: 'which', items }, line: 0 } as const
  const lines = linesOf({ ...home, mode })
  const title = lines.findIndex((line) => line.includes('which'))
  expect(title).toBe(18)
  expect(lines.slice(0, title)).toEqual(whole.slice(0, title))
})

const refused =
  "redis://127.0.0.1:6379 can't be reached (connect ECONNREFUSED 127.0.0.1:6379); check that the server runs, and its host and port"

function offline(message: string, overview = fleetOf().overview): FleetView {
  const connection = { kind: 'offline', message, since: now, attempt: 2, retryAt: now + 2_000 } as const
  return { ...unknownFleet, connection, overview }
}

test.each(['home', 'runs', 'doctor'] as const)(
  'the reason that the store is away, with the next action, is complete on %s',
  (screen) => {
    const lines = linesOf(stateOf({ target: { screen }, fleet: offline(refused) }))
    expect(lines).toHaveLength(24)
    expect(
      lines
        .slice(-4, -2)
        .map((line) => line.trimEnd())
        .join(' '),
    ).toBe(refused)
    expect(lines.at(-1)).toContain('? keys')
  },
)

test('if the reason that the store is away fits one line, the body keeps its lines', () => {
  const lines = linesOf(stateOf({ fleet: offline('no reply') }))
  expect(lines).toHaveLength(24)
  expect(lines.at(-2)).toBe('no reply')
})

test('a store that was never reached is not being read', () => {
  for (const screen of ['home', 'runs', 'limits'] as const) {
    const text = linesOf(
      stateOf({ target: { screen }, fleet: { ...offline(refused), overview: undefined } }),
    ).join('\n')
    expect(text).toContain('nothing was read yet')
  }
})

test('the footer names exactly the actions for the row under the cursor', () => {
  const verbs = actionVerbs()
  const keysOf = (run: Run): string => {
    const size = { columns: 160, rows: 45 }
    const data = {
      pages: [{ runs: [run] }],
      unknown: [],
      newer: 0,
      looked: 1,
      isPartial: false,
      order: 'newest',
    }
    const state = stateOf({ size, target: { screen: 'runs' }, data })
    return spansText(keysLine(state, { ...deps, verbs }))
  }
  const failed = keysOf(runOf('r1', { state: 'failed' } as Partial<Run>))
  expect(failed).toContain('r retry')
  expect(failed).not.toContain('x cancel')
  const running = keysOf(runOf('r1', { state: 'running', worker: 'w' } as Partial<Run>))
  expect(running).toContain('x cancel')
  expect(running).not.toMatch(/r retry|X remove/)
})

test('a narrow list of runs explains the state of the run under the cursor below it', () => {
  const error = { name: 'TypeError', message: `no sku ${'of this order '.repeat(5)}at all` }
  const run = runOf('01m8k14yh1fe8bc5dft8vx1fbs', { state: 'failed', error, endedAt: now } as Partial<Run>)
  const data = {
    pages: [{ runs: [run] }],
    unknown: [],
    newer: 0,
    looked: 1,
    isPartial: false,
    order: 'newest',
  }
  const text = linesOf(stateOf({ target: { screen: 'runs' }, data })).join('\n')
  expect(text).toContain('── 01m8k14yh1fe8bc5dft8vx1fbs ──')
  expect(text.replace(/\s+/g, ' ')).toContain(`TypeError: ${error.message}`)
})

test('the reason for a paused queue is complete, however long it is', () => {
  const reason = `nordtea sends wrong prices ${'again and '.repeat(6)}again: ask Ravi first`
  const paused = { by: 'maria', reason, at: now - 60_000 }
  const text = linesOf(
    stateOf({
      target: { screen: 'queues' },
      fleet: fleetOf({ queues: [queue('imports', { ready: 1, paused })] }),
    }),
  ).join(' ')
  expect(text.replace(/\s+/g, ' ')).toContain(`Queue 'imports' has been paused by maria (${reason})`)
})

test('a frozen view names the key that unfreezes it', () => {
  const keysOf = (state: AppState): string => spansText(keysLine(state, { ...deps, verbs: {} }))
  expect(keysOf(stateOf())).toContain('F freeze')
  expect(keysOf(pressed(stateOf(), 'F'))).toContain('F unfreeze')
})

const noRuns = { pages: [{ runs: [] }], unknown: [], newer: 0, looked: 0, isPartial: false, order: 'newest' }

test('a list of runs reports no match only after the search for that filter is complete', () => {
  const shown = (data: object): string =>
    linesOf(stateOf({ target: { screen: 'runs', filter: 'tag:x' }, data })).join('\n')
  expect(shown({ ...noRuns, filter: 'tag:x' })).toContain("no run matches 'tag:x'")
  for (const other of [
    { ...noRuns, filter: 'tag:y' },
    { ...noRuns, filter: 'tag:x', isPartial: true },
  ]) {
    expect(shown(other)).not.toContain('no run matches')
    expect(shown(other)).toContain('reading runs')
  }
})

test('an empty list shows how to clear its filter: esc clears a typed filter, and leaves an opened one', () => {
  const data = { ...noRuns, filter: 'tag:x' }
  const opened = stateOf({
    target: { screen: 'runs', filter: 'tag:x' },
    data,
    size: { columns: 110, rows: 30 },
  })
  expect(linesOf(opened).join()).toMatch(/no run matches 'tag:x'; 0 without it; \/ changes it *,/)
  const typedFilter = typed(pressed(stateOf({ target: { screen: 'queues' } }), '/'), 'x')
  expect(linesOf(typedFilter).join()).toContain("matches 'x'; / changes it, esc takes it back")
})

test('a muted finding is marked, with the end of the mute', () => {
  const until = now + 3_600_000
  const muted = findingOf('blocked:pay', {
    muted: { finding: 'blocked:pay', until, by: 'ana', reason: 'known' },
  })
  const text = linesOf(stateOf({ fleet: fleetOf({}, { muted: [muted] }) })).join('\n')
  expect(text).toContain('only muted findings')
  expect(text).toMatch(/▸ ‖ muted .*about blocked:pay/)
  expect(text).toContain('Muted until 13:00:00 UTC by ana (known).')
})

test('ASCII only', () => {
  for (const screen of ['home', 'runs', 'doctor'] as const) {
    const state = stateOf({ fleet: busy, target: { screen }, environment: { look: lookOf({ ascii: true }) } })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the range
    for (const line of linesOf(state)) expect(line).toMatch(/^[\x00-\x7f]*$/)
  }
})

test('keys repaint at once, store data at most four times a second, except for the first data of a place', async () => {
  const clock = new FakeClock()
  const app = new App(stateOf({ fleet: busy }), {
    ...{ ...deps, clock, carryOut: () => undefined, changed: () => undefined },
  })
  let painted = 0
  const { frames, stdin, unmount } = render(
    <AppView
      app={app}
      deps={deps}
      suspension={new Suspension({ stdin: process.stdin, stdout: process.stdout, soon: setImmediate })}
    />,
  )
  const begun = frames.length
  stdin.write('jj')
  await clock.settle()
  expect(frames.at(-1)).toMatch(/▸ ✖ critical +1m0s +Finding 2/)
  const pressedFrames = frames.length
  expect(pressedFrames).toBeGreaterThan(begun)
  for (let i = 0; i < 100; i++) app.dispatch({ kind: 'fleet', fleet: { ...busy } })
  await clock.advance(249)
  expect(frames.length).toBe(pressedFrames)
  await clock.advance(1)
  expect(frames.length).toBe(pressedFrames + 1)

  // The user waits for it: the first data of a place, and of a filter.
  const data = (request: string): void =>
    app.dispatch({ kind: 'data', place: shownPlace(app.state().places).id, request, outcome })
  const outcome = { kind: 'read', data: {} } as const
  app.subscribe(() => painted++)
  for (const request of ['all', 'all', 'some']) data(request)
  await clock.settle()
  expect(painted).toBe(2)
  unmount()
  app.close()
})

test('each screen with a digit appears in the second line of the frame', () => {
  const [, line = ''] = linesOf(stateOf({ size: { columns: 160, rows: 45 } }))
  const withDigit = screenNames.slice(0, 9).flatMap((name) => screens[name] ?? [])
  for (const screen of withDigit) expect(line).toContain(screen.title)
})
