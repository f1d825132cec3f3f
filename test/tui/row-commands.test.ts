import { expect, test } from 'vitest'
import type { AppState, Environment } from '../../tui/app/app-state.ts'
import type { AppDeps } from '../../tui/app/deps.ts'
import { shownPlace } from '../../tui/app/places.ts'
import { activeList } from '../../tui/app/shown.ts'
import { step } from '../../tui/app/step.ts'
import { toggleFold } from '../../tui/kit/folds.ts'
import type { Row, Screen } from '../../tui/screens/screen.ts'
import { screens } from '../../tui/screens/screens.ts'
import { keyEvent, stateOf } from './support/given.ts'

/** The screen of a run, with these rows. */
function depsOf(rows: readonly Row[], over: Partial<Screen> = {}): AppDeps {
  const run: Screen = {
    ...{ name: 'run', title: 'Run', panes: ['steps'] },
    ...{ rows: () => rows, height: () => 5, json: () => null, View: () => null },
    ...over,
  }
  return { screens: { ...screens, run }, verbs: {} }
}

const state = (environment: Partial<Environment> = {}): AppState =>
  stateOf({ target: { screen: 'run', subject: 'r1' }, environment })

function press(before: AppState, deps: AppDeps, ...keys: readonly string[]): ReturnType<typeof step> {
  return keys.reduce<ReturnType<typeof step>>(
    (last, key, i) => step(last.state, keyEvent(key, i + 1), deps),
    { state: before, effects: [] },
  )
}

const place = ({ state: after }: { state: AppState }) => shownPlace(after.places)

test('y copies the id, and asks which value if there are several', () => {
  const row: Row = { id: 'a', thing: { kind: 'step', id: 'charge', run: 'r1', state: 'failed' } }
  expect(press(state(), depsOf([row]), 'y').effects).toEqual([
    { kind: 'copy', text: 'charge', what: 'the id of the step' },
  ])
  const deps = depsOf([row], { copies: () => [{ key: 'e', what: 'the error', text: 'Error: x' }] })
  expect(press(state(), deps, 'y').state.mode.kind).toBe('picker')
  expect(press(state(), deps, 'y', 'y').effects).toMatchObject([{ text: 'charge' }])
  const copied = press(state(), deps, 'y', 'e')
  expect(copied.effects).toEqual([{ kind: 'copy', text: 'Error: x', what: 'the error' }])
  expect(copied.state.mode.kind).toBe('browse')
})

test('o opens the text of the screen in the pager', () => {
  const deps = depsOf([{ id: 'a' }], { page: () => ({ name: 'input', text: '{}' }) })
  expect(press(state(), deps, 'o').effects).toEqual([{ kind: 'page', name: 'input', text: '{}' }])
  expect(press(state(), depsOf([{ id: 'a' }]), 'o').state.toasts.at(-1)?.text).toContain(
    'nothing here to open',
  )
})

test('Y copies a report with the address of the store', () => {
  const about = { title: 'it fails', causes: ['429'], events: [], runs: [], commands: [] }
  const deps = depsOf([{ id: 'a' }], { incident: () => about })
  const [effect] = press(state({ name: 'prod' }), deps, 'Y').effects
  expect(effect).toMatchObject({ kind: 'copy', what: 'the incident report' })
  expect(effect).toHaveProperty('text', expect.stringContaining('# it fails'))
  expect(effect).toHaveProperty('text', expect.stringContaining('`sqlite:jobs.db` (prod)'))
})

test('enter folds a row that opens nothing', () => {
  const fold = { toggles: { fold: toggleFold } }
  const row = { id: 'a', fold: 'open' } as Row
  expect(place(press(state(), depsOf([row], fold), 'enter')).own).toEqual({ 'fold a': true })
  expect(place(press(state(), depsOf([row], fold), 'enter', 'f')).own).toEqual({})
  expect(place(press(state(), depsOf([{ id: 'a' }], fold), 'f')).own).toEqual({})
})

test('an unmoved cursor follows the default row of the screen; moved to the top it remains there', () => {
  const rows = ['a', 'b', 'c'].map((id) => ({ id }))
  const deps = depsOf(rows, { begins: () => 'c' })
  const index = (after: AppState): number => activeList(after, deps.screens).index
  expect(index(state())).toBe(2)
  expect(index(press(state(), deps, 'k').state)).toBe(1)
  expect(index(press(state(), deps, 'g').state)).toBe(0)
})
