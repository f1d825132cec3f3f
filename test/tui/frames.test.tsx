import { renderToString } from 'ink'
import { render } from 'ink-testing-library'
import { describe, expect, test } from 'vitest'
import { textWidth } from '../../runtime/cli/plain-text.ts'
import { App } from '../../tui/app/app.ts'
import type { AppState } from '../../tui/app/app-state.ts'
import { screenNames } from '../../tui/app/place.ts'
import { shownPlace } from '../../tui/app/places.ts'
import { AppView, FrameView } from '../../tui/kit/app-view.tsx'
import { lookOf } from '../../tui/kit/look.ts'
import { screens } from '../../tui/screens/screens.ts'
import { Suspension } from '../../tui/terminal/suspension.ts'
import { now, queue, worker } from '../unit/attention/given.ts'
import { FakeClock } from '../unit/coordination/fake-clock.ts'
import { deps, findingOf, fleetOf, pressed, stateOf, typed } from './support/given.ts'

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

test('the help of a screen has each of its keys, one a line', () => {
  const state = pressed(stateOf({ size: { columns: 100, rows: 60 } }), '?')
  const lines = linesOf(state)
  for (const text of ['moves the cursor down', 'lets the view stand still', 'quits at once']) {
    expect(lines.filter((line) => line.includes(text))).toHaveLength(1)
  }
  expect(lines.find((line) => line.includes('moves the cursor down'))).toMatch(/^ move +j ↓ +moves/)
})

test('a help that is longer than the screen is cut, not squeezed', () => {
  const lines = linesOf(pressed(stateOf(), '?'))
  expect(lines[2]).toMatch(/^── keys of Home, \d+ more below ─+$/)
  expect(lines[3]).toMatch(/^ go +enter → l +opens what the cursor is on$/)
  expect(lines[4]).toMatch(/^ +esc ← h +closes messages/)
})

test('a search in the help leaves the keys that have it', () => {
  const state = typed(pressed(stateOf({ size: { columns: 100, rows: 60 } }), '?'), 'stand still')
  const found = linesOf(state).filter((line) => /^ \w* +\S+ +(moves|lets|opens|shows) /.test(line))
  expect(found).toHaveLength(1)
})

test('how the store does is seen beside any name of it', () => {
  const address = `sqlite:/${'folder/'.repeat(40)}jobs.db`
  const [line = ''] = linesOf(stateOf({ fleet: busy, environment: { address } }))
  expect(line).toContain('live 2ms')
  expect(line).toContain('jobs.db')
  expect(line).toContain('READ-ONLY')
})

test('production is a word, not only a color', () => {
  expect(linesOf(stateOf({ environment: { isProduction: true, name: 'eu-1' } }))[0]).toContain('PROD eu-1')
})

test('a cursor is seen without color', () => {
  const lines = linesOf(pressed(stateOf({ fleet: busy }), 'j'))
  expect(lines.find((line) => line.includes('Finding 1:'))).toMatch(/^▸ /)
})

test('what is under a dialog is cut, not squeezed', () => {
  const home = stateOf({ fleet: busy })
  const whole = linesOf(home)
  const items = [1, 2, 3].map((n) => ({ label: `choice ${n}`, pick: () => ({ state: home, effects: [] }) }))
  const mode = { kind: 'picker', picker: { title: 'which', items }, line: 0 } as const
  const lines = linesOf({ ...home, mode })
  const title = lines.findIndex((line) => line.includes('which'))
  expect(title).toBe(18)
  expect(lines.slice(0, title)).toEqual(whole.slice(0, title))
})

test('ASCII alone', () => {
  for (const screen of ['home', 'runs', 'doctor'] as const) {
    const state = stateOf({ fleet: busy, target: { screen }, environment: { look: lookOf({ ascii: true }) } })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the range
    for (const line of linesOf(state)) expect(line).toMatch(/^[\x00-\x7f]*$/)
  }
})

test('a key is painted at once, what the store says four times a second, but for what a place shows first', async () => {
  const clock = new FakeClock()
  const app = new App(stateOf({ fleet: busy }), {
    ...{ ...deps, clock, carryOut: () => undefined, moved: () => undefined },
  })
  let painted = 0
  const { frames, stdin, unmount } = render(
    <AppView
      app={app}
      deps={deps}
      suspension={new Suspension({ stdout: process.stdout, soon: setImmediate })}
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

  // The user waits for it: what a place shows first, and first of a filter.
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

test('each screen with a digit has a place in the frame’s second line', () => {
  const [, line = ''] = linesOf(stateOf({ size: { columns: 160, rows: 45 } }))
  const withDigit = screenNames.slice(0, 9).flatMap((name) => screens[name] ?? [])
  for (const screen of withDigit) expect(line).toContain(screen.title)
})
