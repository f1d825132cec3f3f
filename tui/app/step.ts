import { bindingOf } from '../keymap.ts'
import type { AppEvent, ReadOutcome } from './app-event.ts'
import type { AppState, Mode, Step } from './app-state.ts'
import { runCommand } from './commands.ts'
import type { AppDeps } from './deps.ts'
import { withDialogStep } from './dialog-mode.ts'
import { pressFilter } from './filter-line.ts'
import type { Key } from './key.ts'
import { shownPlace } from './places.ts'
import { pressCommandLine, pressHelp, pressLog, pressPalette, pressPicker } from './press.ts'
import { pasted } from './text-field.ts'
import { withoutOldToasts, withToast } from './toasts.ts'

/** Returns the next state after an event, and its effects. The only place where a state is replaced. */
export function step(state: AppState, event: AppEvent, deps: AppDeps): Step {
  switch (event.kind) {
    case 'key':
      return press(state, event.key, event.read, deps)
    case 'paste':
      return paste(state, event.text, deps)
    case 'painted':
      return only(painted(state, event.stage))
    case 'resize':
      return only({ ...state, size: event.size })
    case 'tick':
      return only(withoutOldToasts({ ...state, now: event.now }))
    case 'fleet':
      return only({ ...state, fleet: event.fleet })
    case 'data':
      return only(withData(state, event.place, event.request, event.outcome))
    case 'message':
      return received(state, event.message)
    case 'toast':
      return only(withToast(state, event.toast))
  }
}

function only(state: AppState): Step {
  return { state, effects: [] }
}

function press(state: AppState, key: Key, read: number, deps: AppDeps): Step {
  // A raw terminal sends it as a key; it must always quit.
  if (key.name === 'ctrl-c') return { state, effects: [{ kind: 'quit' }] }
  const { mode } = state
  switch (mode.kind) {
    case 'dialog': {
      const isEarly = !mode.painted || mode.read === read
      return isEarly ? only(state) : withDialogStep(state, mode, mode.dialog.press(key), read)
    }
    case 'filter':
      return pressFilter(state, mode, key, deps)
    case 'command':
      return pressCommandLine(state, mode, key, deps)
    case 'palette':
      return pressPalette(state, mode, key, read, deps)
    case 'help':
      return pressHelp(state, mode, key)
    case 'log':
      return pressLog(state, mode, key)
    case 'picker':
      return pressPicker(state, mode, key)
    case 'browse':
      return browse(state, key, read, deps)
  }
}

function browse(state: AppState, key: Key, read: number, deps: AppDeps): Step {
  const binding = bindingOf(shownPlace(state.places).screen, key.name)
  const quitting = binding?.command === 'quit' && state.quitting
  const calm = state.quitting && !quitting ? { ...state, quitting: false } : state
  return binding === undefined ? only(calm) : runCommand(calm, binding.command, read, deps)
}

/** A paste is text for a field; anywhere else its letters would be keys. */
function paste(state: AppState, text: string, deps: AppDeps): Step {
  const { mode } = state
  if (mode.kind === 'dialog') {
    return mode.painted ? withDialogStep(state, mode, mode.dialog.paste(text)) : only(state)
  }
  if (!('field' in mode)) {
    return only(withToast(state, { tone: 'info', text: 'only text fields take pasted text: / or :' }))
  }
  const field = pasted(mode.field, text)
  if (mode.kind === 'filter')
    return pressFilter({ ...state, mode: { ...mode, field } }, { ...mode, field }, { name: '' }, deps)
  return { state: { ...state, mode: { ...mode, field } as Mode }, effects: [] }
}

/** Once the frame of its stage is there, keys go to the dialog. */
function painted(state: AppState, stage: string): AppState {
  const { mode } = state
  if (mode.kind !== 'dialog' || mode.painted || mode.dialog.stage !== stage) return state
  return { ...state, mode: { ...mode, painted: true } }
}

function received(state: AppState, message: unknown): Step {
  const { mode } = state
  return mode.kind === 'dialog' ? withDialogStep(state, mode, mode.dialog.receive(message)) : only(state)
}

/** Stores the result of a read, unless its place is gone. The last data stay when a read fails. */
function withData(state: AppState, id: number, request: string, outcome: ReadOutcome): AppState {
  if (!state.places.visited.some((place) => place.id === id)) return state
  const before = state.data.get(id)
  const found =
    outcome.kind === 'read'
      ? { data: outcome.data, request, ...(outcome.isPartial ? { isPartial: outcome.isPartial } : {}) }
      : { data: before?.data, request: before?.request ?? request, problem: outcome.problem }
  const kept = [...state.data].filter(([place]) => place !== id).slice(-keptData)
  return withFrozenData({ ...state, data: new Map([...kept, [id, found]]) }, id)
}

/**
 * A frozen view shows the first complete read of a place: a place that was opened since, or whose request changed, has
 * a first read too.
 */
function withFrozenData(state: AppState, id: number): AppState {
  const { frozen, data } = state
  const found = data.get(id)
  if (frozen === undefined || found?.data === undefined) return state
  const still = frozen.data.get(id)
  if (still?.request === found.request && still.isPartial !== true) return state
  return { ...state, frozen: { ...frozen, data: new Map([...frozen.data, [id, found]]) } }
}

/** The data of this many places, the most recently read ones, are kept for going back. */
const keptData = 8
