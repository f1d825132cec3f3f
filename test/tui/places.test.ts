import { describe, expect, test } from 'vitest'
import type { Cursor } from '../../tui/app/place.ts'
import {
  opened,
  type Places,
  placesAt,
  shownPlace,
  switched,
  toggled,
  trailOf,
  walked,
  wentBack,
  withPlace,
} from '../../tui/app/places.ts'

const cursor: Cursor = { id: 'run-7', line: 3, index: 7 }

function screensOf(places: Places): readonly string[] {
  return trailOf(places).map(({ screen, subject }) => subject ?? screen)
}

/** Home > a filtered list > a run. */
function drilled(): Places {
  const list = opened(placesAt({ screen: 'home' }), { screen: 'runs', filter: 'state:failed' })
  return opened(withPlace(list, { cursors: { list: cursor } }), { screen: 'run', subject: 'run-7' })
}

test('drilling down leaves a trail, and esc follows it back', () => {
  const places = drilled()
  expect(screensOf(places)).toEqual(['home', 'runs', 'run-7'])
  const list = wentBack(places)
  expect(list && shownPlace(list)).toMatchObject({ filter: 'state:failed', cursors: { list: cursor } })
  const home = list && wentBack(list)
  expect(home && screensOf(home)).toEqual(['home'])
  expect(home && wentBack(home)).toBeUndefined()
})

test('[ and ] step through visited places', () => {
  const places = drilled()
  const first = walked(places, -1)
  expect(first && shownPlace(first).screen).toBe('runs')
  expect(first && walked(first, 1) && shownPlace(walked(first, 1) ?? first).screen).toBe('run')
  expect(walked(places, 1)).toBeUndefined()
})

test('opening a place clears the forward history of ]', () => {
  const list = wentBack(drilled())
  const other = list && opened(list, { screen: 'run', subject: 'run-8' })
  expect(other && screensOf(other)).toEqual(['home', 'runs', 'run-8'])
  expect(other && walked(other, 1)).toBeUndefined()
  const before = other && walked(other, -1)
  expect(before && shownPlace(before).screen).toBe('runs')
})

test('- switches between two places', () => {
  const places = switched(drilled(), 'doctor')
  const back = toggled(places)
  expect(back && shownPlace(back).subject).toBe('run-7')
  expect(back && toggled(back) && shownPlace(toggled(back) ?? back).screen).toBe('doctor')
  expect(toggled(placesAt({ screen: 'home' }))).toBeUndefined()
})

describe('a digit', () => {
  test('opens a root in its last state', () => {
    const runs = withPlace(switched(placesAt({ screen: 'home' }), 'runs'), {
      filter: 'job:pay',
      cursors: { list: cursor },
    })
    const again = switched(switched(runs, 'doctor'), 'runs')
    expect(shownPlace(again)).toMatchObject({ filter: 'job:pay', cursors: { list: cursor } })
    expect(shownPlace(again).parent).toBeUndefined()
  })

  test('discards the trail below a root', () => {
    const again = switched(drilled(), 'runs')
    expect(shownPlace(again)).toMatchObject({ screen: 'runs', filter: '' })
    expect(wentBack(again)).toBeUndefined()
  })

  test('of the current root changes nothing', () => {
    const places = switched(placesAt({ screen: 'home' }), 'runs')
    expect(switched(places, 'runs')).toBe(places)
  })
})

test('history is bounded, and a place whose parent was dropped still has a way back', () => {
  let places = placesAt({ screen: 'runs' })
  for (let i = 0; i < 200; i++) places = opened(places, { screen: 'run', subject: `run-${i}` })
  expect(places.visited).toHaveLength(50)
  for (let i = 0; i < 49; i++) places = wentBack(places) ?? places
  const home = wentBack(places)
  expect(home && shownPlace(home).screen).toBe('home')
})
