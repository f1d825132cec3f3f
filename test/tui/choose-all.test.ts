import { expect, test } from 'vitest'
import type { AppState } from '../../tui/app/app-state.ts'
import type { AppDeps } from '../../tui/app/deps.ts'
import { shownPlace } from '../../tui/app/places.ts'
import type { ActContext } from '../../tui/app/verb.ts'
import type { RunsData } from '../../tui/screens/runs/runs-data.ts'
import { screens } from '../../tui/screens/screens.ts'
import { keyEvent, runOf, stateOf, stepped } from './support/given.ts'

const data: RunsData = {
  ...{ pages: [{ runs: [runOf('a'), runOf('b')] }], filter: '', newer: 0, looked: 2, isPartial: false },
  ...{ order: 'newest', unknown: [] },
}

/** The target of the retry. */
function asked(state: AppState): ActContext['things'] {
  let things: ActContext['things'] = []
  const refusal = (context: ActContext): string => {
    things = context.things
    return 'seen'
  }
  const begin = (): never => {
    throw new Error('it was refused')
  }
  const deps: AppDeps = { screens, verbs: { retry: { command: 'retry', refusal, begin } } }
  stepped(state, keyEvent('r'), deps)
  return things
}

function listOf(filter: string): AppState {
  return stateOf({ target: { screen: 'runs', filter }, data, environment: { write: true } })
}

function press(state: AppState, ...keys: readonly string[]): AppState {
  return keys.reduce((before, key) => stepped(before, keyEvent(key)).state, state)
}

test('a applies actions to every run that the filter matches', () => {
  const state = press(listOf('state:failed job:pay'), 'a', 'j')
  expect(asked(state)).toEqual([
    { kind: 'filter', id: 'state:failed job:pay', filter: { states: ['failed'], job: 'pay' } },
  ])
})

test.each(['a', 'esc', 'M'])('%s takes it back', (key) => {
  expect(asked(press(listOf('state:failed'), 'a', key))).toMatchObject([{ kind: 'run', id: 'a' }])
})

test('a mark, or another filter, applies actions to rows again', () => {
  const state = press(listOf('state:failed'), 'a')
  expect(asked(press(state, 'space'))).toMatchObject([{ kind: 'run', id: 'a' }])
  expect(shownPlace(press(state, '/', 'x', 'enter').places).all).toBe(false)
})

test.each([
  ['state:failed !job:pay', /parts with ! only hide runs/],
  ['state:faild', /'faild' is not a state/],
])('%s is not for all', (filter, message) => {
  const state = press(listOf(filter), 'a')
  expect(shownPlace(state.places).all).toBe(false)
  expect(state.toasts.at(-1)?.text).toMatch(message)
})

test('a list sorted by time in state covers every run in progress', () => {
  expect(asked(press(listOf(''), 's', 'j', 'enter', 'a'))).toMatchObject([
    { filter: { states: ['ready', 'waiting', 'running', 'cancelling'] } },
  ])
})

test('L opens and closes the list of actions of this session', () => {
  const state = press(stateOf({ target: { screen: 'runs' }, data }), 'L')
  expect(state.mode).toEqual({ kind: 'log', top: 0 })
  expect(press(state, 'L').mode.kind).toBe('browse')
})
