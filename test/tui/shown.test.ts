import { expect, test } from 'vitest'
import { activeList, inputOf, requestOf, windowsOf } from '../../tui/app/shown.ts'
import type { Screen, Screens } from '../../tui/screens/screen.ts'
import { screens } from '../../tui/screens/screens.ts'
import { stateOf } from './support/given.ts'

const { queues } = screens
if (queues === undefined) throw new Error('no screen for queues')

/** The screen, and the panes whose rows were computed. */
function counted(screen: Screen): {
  readonly screens: Screens
  readonly own: Screen
  readonly made: string[]
} {
  const made: string[] = []
  const own: Screen = {
    ...screen,
    rows: (input, pane) => {
      made.push(pane)
      return screen.rows(input, pane)
    },
  }
  return { screens: { ...screens, queues: own }, own, made }
}

test('the rows of a state are computed once for a key and its frame, and again for another state', () => {
  const { screens: all, own, made } = counted(queues)
  const state = stateOf({ target: { screen: 'queues' } })
  activeList(state, all)
  requestOf(state, all)
  windowsOf(own, inputOf(state))
  expect(made).toEqual([...own.panes])
  activeList({ ...state, now: state.now + 1 }, all)
  expect(made).toHaveLength(own.panes.length + 1)
})

test('another screen of the same name has its own rows', () => {
  const state = stateOf({ target: { screen: 'queues' } })
  activeList(state, screens)
  const { screens: all, made } = counted(queues)
  activeList(state, all)
  expect(made).toHaveLength(1)
})
