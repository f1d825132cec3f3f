import { describe, expect, test } from 'vitest'
import type { Run } from '../../runtime/model/run.ts'
import { shownPlace } from '../../tui/app/places.ts'
import { requestOf } from '../../tui/app/shown.ts'
import { runJumps } from '../../tui/screens/runs/run-jumps.ts'
import type { RunsData } from '../../tui/screens/runs/runs-data.ts'
import { screens } from '../../tui/screens/screens.ts'
import { now, queue, worker } from '../support/snapshot.ts'
import { fleetOf, pressed, runOf, stateOf } from './support/given.ts'

const workers = [worker('a', { pay: 1 }), worker('b', {}, { queues: ['x', 'y'] })]
const list = stateOf({
  target: { screen: 'workers' },
  fleet: fleetOf({ workers, queues: [queue('default')] }),
})

describe('J', () => {
  test('goes directly to the only related place of a row', () => {
    const place = shownPlace(pressed(list, 'J').places)
    expect([place.screen, place.cursors['']?.id]).toEqual(['queues', 'default'])
  })

  test('asks which, if there are several; esc cancels', () => {
    const asking = pressed(list, 'j', 'J')
    expect(asking.mode.kind).toBe('picker')
    expect(shownPlace(pressed(asking, '2').places).cursors['']?.id).toBe('y')
    expect(shownPlace(pressed(asking, 'enter').places).cursors['']?.id).toBe('x')
    expect(shownPlace(pressed(asking, 'esc').places).screen).toBe('workers')
  })

  test('esc returns', () => {
    expect(shownPlace(pressed(list, 'J', 'esc').places).screen).toBe('workers')
  })

  test('reports that nothing is related', () => {
    const empty = pressed(stateOf({ target: { screen: 'workers' } }), 'J')
    expect(empty.toasts.at(-1)?.text).toContain('nothing related')
  })
})

test('a read gets the row under the cursor, including the first one', () => {
  const request = (...keys: string[]) => requestOf(pressed(list, ...keys), screens)
  expect(request()).toMatchObject({ current: 'a' })
  expect(request().row).toBeUndefined()
  expect(request('j')).toMatchObject({ current: 'b', row: 'b' })
  expect(requestOf(stateOf({ target: { screen: 'workers' } }), screens).current).toBeUndefined()
})

test('z gives the screen to the detail, and again returns it', () => {
  const zoomed = pressed(list, 'z')
  expect(shownPlace(zoomed.places).own).toEqual({ zoom: true })
  expect(shownPlace(pressed(zoomed, 'z').places).own).toEqual({})
})

test('a run in the list of runs jumps to its worker', () => {
  const runs = [runOf('r', { state: 'running', worker: 'a' } as Partial<Run>)]
  const data: RunsData = {
    pages: [{ runs }],
    filter: '',
    newer: 0,
    looked: 1,
    isPartial: false,
    order: 'newest',
    unknown: [],
  }
  const state = pressed(stateOf({ target: { screen: 'runs' }, data, fleet: fleetOf({ workers }) }), 'J', '1')
  expect(shownPlace(state.places)).toMatchObject({ screen: 'workers', cursors: { '': { id: 'a' } } })
})

describe('a run is connected with', () => {
  const targets = (over: Partial<Run>) => runJumps(runOf('r', over)).map(({ target }) => target)
  const queueTarget = { screen: 'queues', row: 'default' }

  test('its queue, its schedule and its unique key', () => {
    expect(targets({})).toEqual([queueTarget])
    expect(targets({ scheduledFor: now, unique: { key: 'k', while: 'live' } as never })).toEqual([
      queueTarget,
      { screen: 'cron', filter: 'job:pay' },
      { screen: 'runs', filter: 'job:pay unique:k' },
    ])
    expect(targets({ schedule: 'nightly', scheduledFor: now })).toEqual([
      queueTarget,
      { screen: 'cron', row: 'nightly' },
    ])
  })

  test('the limiter that it waits for, listed first', () => {
    const waiting = { state: 'waiting', waitingFor: { kind: 'limit', name: 'stripe' } } as Partial<Run>
    expect(targets(waiting)).toEqual([{ screen: 'limits', row: 'stripe' }, queueTarget])
    expect(targets({ state: 'waiting', waitingFor: { kind: 'retry' } } as Partial<Run>)).toEqual([
      queueTarget,
    ])
  })

  test('the failures of its kind', () => {
    expect(targets({ state: 'failed', fingerprint: 'f1:1' } as Partial<Run>)[0]).toEqual({
      screen: 'failures',
      row: 'f1:1',
    })
  })
})
