import { describe, expect, test } from 'vitest'
import type { ReadOutcome } from '../../tui/app/app-event.ts'
import type { AppState } from '../../tui/app/app-state.ts'
import { shownPlace, trailOf } from '../../tui/app/places.ts'
import { activeList, inputOf, shownScreen, windowsOf } from '../../tui/app/shown.ts'
import type { RunsData } from '../../tui/screens/runs/runs-data.ts'
import { screens } from '../../tui/screens/screens.ts'
import { now, queue } from '../support/snapshot.ts'
import { findingOf, fleetOf, keyEvent, pressed, runOf, stateOf, stepped, typed } from './support/given.ts'

function runsData(...ids: readonly string[]): RunsData {
  const runs = ids.map((id) => runOf(id))
  return {
    pages: [{ runs }],
    newer: 0,
    looked: ids.length,
    isPartial: false,
    filter: '',
    order: 'newest',
    unknown: [],
  }
}

const list = stateOf({ target: { screen: 'runs' }, data: runsData('a', 'b', 'c', 'd') })

function cursorRow(state: AppState): string | undefined {
  const { rows, index } = activeList(state, screens)
  return rows[index]?.id
}

describe('keys', () => {
  test('j and k move the cursor, by id', () => {
    expect(cursorRow(pressed(list, 'j', 'j'))).toBe('c')
    expect(cursorRow(pressed(list, 'j', 'j', 'k'))).toBe('b')
    expect(cursorRow(pressed(list, 'G'))).toBe('d')
    expect(cursorRow(pressed(list, 'G', 'g'))).toBe('a')
  })

  test('a new row above leaves the cursor on its row', () => {
    const state = pressed(list, 'j')
    const place = shownPlace(state.places).id
    const { request = '' } = state.data.get(place) ?? {}
    const outcome = { kind: 'read', data: runsData('new', 'a', 'b', 'c') } as const
    const after = stepped(state, { kind: 'data', place, request, outcome }).state
    expect(cursorRow(after)).toBe('b')
    const screen = shownScreen(after, screens)
    expect(windowsOf(screen, inputOf(after)).list?.count).toBe(4)
  })

  test('space marks a row and moves down; esc clears the marks', () => {
    const marked = pressed(list, 'space', 'space')
    expect([...shownPlace(marked.places).marks]).toEqual(['a', 'b'])
    expect(cursorRow(marked)).toBe('c')
    expect(shownPlace(pressed(marked, 'esc').places).marks.size).toBe(0)
  })

  test('ctrl-c quits from everywhere', () => {
    for (const state of [
      list,
      pressed(list, '/'),
      pressed(list, '?'),
      pressed(list, ':'),
      pressed(list, 's'),
    ]) {
      expect(stepped(state, keyEvent('ctrl-c')).effects).toEqual([{ kind: 'quit' }])
    }
  })

  test('a key without a meaning changes nothing', () => {
    expect(pressed(list, '§')).toEqual(list)
  })
})

describe('q', () => {
  test('goes back, and at the root asks for confirmation', () => {
    const home = stateOf({ fleet: fleetOf({}, { findings: [findingOf('unserved:pay/mail')] }) })
    const drilled = pressed(home, 'enter')
    expect(trailOf(drilled.places).map(({ screen }) => screen)).toEqual(['home', 'runs'])
    const root = pressed(drilled, 'q')
    expect(shownPlace(root.places).screen).toBe('home')
    const asked = stepped(root, keyEvent('q'))
    expect(asked.effects).toEqual([])
    expect(asked.state.quitting).toBe(true)
    expect(stepped(asked.state, keyEvent('q')).effects).toEqual([{ kind: 'quit' }])
  })

  test.each(['j', 'esc', '§', '2'])('%s in between takes the question back', (key) => {
    const state = pressed(stateOf(), 'q', key)
    expect(state.quitting).toBe(false)
    expect(stepped(state, keyEvent('q')).effects).toEqual([])
  })

  test('esc never quits', () => {
    expect(stepped(stateOf(), keyEvent('esc')).effects).toEqual([])
  })
})

describe('the filter', () => {
  test('follows the typed text; enter applies it', () => {
    const typing = typed(pressed(list, '/'), 'job:pay')
    expect(shownPlace(typing.places).filter).toBe('job:pay')
    const kept = pressed(typing, 'enter')
    expect([kept.mode.kind, shownPlace(kept.places).filter]).toEqual(['browse', 'job:pay'])
  })

  test('esc restores the previous filter', () => {
    const first = pressed(typed(pressed(list, '/'), 'job:pay'), 'enter')
    const second = pressed(typed(pressed(first, '/'), 'x'), 'esc')
    expect(shownPlace(second.places).filter).toBe('job:pay')
  })

  test('esc in the list clears the typed filter, then leaves the list', () => {
    const home = stateOf({
      fleet: fleetOf({}, { findings: [findingOf('unserved:x', { filter: { job: 'pay' } })] }),
    })
    const drilled = pressed(home, 'enter')
    const changed = pressed(typed(pressed(drilled, '/'), ' x'), 'enter')
    expect(shownPlace(changed.places).filter).toBe('job:pay x')
    const back = pressed(changed, 'esc')
    expect(shownPlace(back.places)).toMatchObject({ screen: 'runs', filter: 'job:pay' })
    expect(shownPlace(pressed(back, 'esc').places).screen).toBe('home')
  })

  test('reads letters as text, not as keys', () => {
    const typing = typed(pressed(list, '/'), 'jqG2')
    expect(shownPlace(typing.places)).toMatchObject({ screen: 'runs', filter: 'jqG2' })
  })
})

describe('tab in the filter', () => {
  const text = (state: AppState): string => shownPlace(state.places).filter

  test('completes the only key or name, and cycles through several', () => {
    const typing = pressed(typed(pressed(list, '/'), 'st'), 'tab')
    expect(text(typing)).toBe('state:')
    const [first, second] = [pressed(typing, 'tab'), pressed(typing, 'tab', 'tab')]
    expect([text(first), text(second)]).toEqual(['state:scheduled', 'state:ready'])
    expect(text(pressed(second, 'shift-tab'))).toBe('state:scheduled')
    expect(text(typed(second, ',f'))).toBe('state:ready,f')
  })

  test('completes names of runs in the list', () => {
    expect(text(pressed(typed(pressed(list, '/'), 'job:'), 'tab'))).toBe('job:pay')
  })

  test('leaves unknown text unchanged', () => {
    expect(text(pressed(typed(pressed(list, '/'), 'tag:x'), 'tab'))).toBe('tag:x')
  })
})

describe('a paste', () => {
  test('outside a text field only shows a message', () => {
    const { state, effects } = stepped(list, { kind: 'paste', text: 'qqq2' })
    expect(effects).toEqual([])
    expect({ ...state, toasts: [] }).toEqual(list)
    expect(state.toasts.at(-1)?.text).toContain('only text fields')
  })

  test('in a filter is text on one line', () => {
    const { state } = stepped(pressed(list, '/'), { kind: 'paste', text: 'job:pay\nstate:failed\n' })
    expect(shownPlace(state.places).filter).toBe('job:pay state:failed')
  })
})

describe('the command line', () => {
  test('opens a screen, with a filter if there is one', () => {
    const doctor = pressed(typed(pressed(list, ':'), 'doctor'), 'enter')
    expect(shownPlace(doctor.places).screen).toBe('doctor')
    const filtered = pressed(typed(pressed(doctor, ':'), 'runs state:failed'), 'enter')
    expect(shownPlace(filtered.places)).toMatchObject({ screen: 'runs', filter: 'state:failed' })
  })

  test('accepts a unique prefix of a name, and every command', () => {
    expect(shownPlace(pressed(typed(pressed(list, ':'), 'doc'), 'enter').places).screen).toBe('doctor')
    expect(pressed(typed(pressed(list, ':'), 'freeze'), 'enter').frozen).toBeDefined()
    expect(stepped(typed(pressed(list, ':'), 'q'), keyEvent('enter')).effects).toEqual([{ kind: 'quit' }])
  })

  test('reports an unknown name, and remains open', () => {
    const { mode } = pressed(typed(pressed(list, ':'), 'nothing'), 'enter')
    expect(mode).toMatchObject({
      kind: 'command',
      problem: expect.stringContaining("'nothing' is neither a screen"),
    })
  })
})

describe('the palette', () => {
  test('finds a command by its words and carries it out', () => {
    const found = typed(pressed(list, 'ctrl-p'), 'unfreezes')
    expect(pressed(found, 'enter').frozen).toBeDefined()
  })

  test('esc closes it', () => {
    expect(pressed(list, 'ctrl-p', 'esc').mode.kind).toBe('browse')
  })
})

test('freeze shows the old data, and unfreezing shows all data since', () => {
  const frozen = pressed(list, 'F')
  const fleet = fleetOf({ queues: [queue('mail')] })
  const { state } = stepped(frozen, { kind: 'fleet', fleet })
  expect(inputOf(state).fleet).toBe(list.fleet)
  expect(inputOf(pressed(state, 'F')).fleet).toBe(fleet)
})

test('in a frozen view a newly opened place shows its first read, and no later one', () => {
  const opened = pressed(list, 'F', '9')
  const place = shownPlace(opened.places).id
  const read = (state: AppState, looked: string): AppState =>
    stepped(state, { kind: 'data', place, request: 'r', outcome: { kind: 'read', data: looked } }).state
  const first = read(opened, 'first')
  expect(inputOf(first).data).toBe('first')
  const second = read(first, 'second')
  expect(inputOf(second).data).toBe('first')
  expect(inputOf(pressed(second, 'F')).data).toBe('second')
})

test('in a frozen view a place with a partial first read takes the rest of it', () => {
  const opened = pressed(list, 'F', '9')
  const place = shownPlace(opened.places).id
  const read = (state: AppState, outcome: ReadOutcome): AppState =>
    stepped(state, { kind: 'data', place, request: 'r', outcome }).state
  const part = read(opened, { kind: 'read', data: 'part', isPartial: true })
  expect(inputOf(part).data).toBe('part')
  const whole = read(part, { kind: 'read', data: 'whole' })
  expect(inputOf(whole).data).toBe('whole')
  expect(inputOf(read(whole, { kind: 'read', data: 'later' })).data).toBe('whole')
  // Data loaded before the freeze is unchanged.
  const stands = pressed(read(pressed(whole, 'F'), { kind: 'read', data: 'again', isPartial: true }), 'F')
  expect(inputOf(read(stands, { kind: 'read', data: 'moved on' })).data).toBe('again')
})

test('in a frozen view another filter shows its matches', () => {
  const frozen = pressed(list, 'F')
  const place = shownPlace(frozen.places).id
  const outcome = { kind: 'read', data: runsData('x') } as const
  const { state } = stepped(frozen, { kind: 'data', place, request: 'of another filter', outcome })
  expect(cursorRow(state)).toBe('x')
})

test('a failed read retains the old data', () => {
  const place = shownPlace(list.places).id
  const outcome = { kind: 'failed', problem: 'no reply' } as const
  const { state } = stepped(list, { kind: 'data', place, request: '', outcome })
  expect(inputOf(state)).toMatchObject({ problem: 'no reply', data: { looked: 4 } })
})

test('the result of a read for a closed place is dropped', () => {
  const outcome = { kind: 'read', data: runsData('x') } as const
  expect(stepped(list, { kind: 'data', place: 99, request: '', outcome }).state).toBe(list)
})

test('messages disappear by themselves, failures remain until esc', () => {
  const said = ['info', 'bad'].reduce<AppState>(
    (state, tone) =>
      stepped(state, { kind: 'toast', toast: { tone: tone as 'info' | 'bad', text: `a ${tone} one` } }).state,
    list,
  )
  const later = stepped(said, { kind: 'tick', now: now + 60_000 }).state
  expect(later.toasts.map(({ text }) => text)).toEqual(['a bad one'])
  expect(pressed(later, 'esc').toasts).toEqual([])
})

describe('sorting', () => {
  test('s picks the column, S reverses the order', () => {
    const sorted = pressed(list, 's', 'j', 'enter')
    expect(shownPlace(sorted.places).sort).toEqual({ column: 'in state', descending: true })
    expect(shownPlace(pressed(sorted, 'S').places).sort).toEqual({ column: 'in state', descending: false })
  })
})
