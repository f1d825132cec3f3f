import { bindingsOf } from '../keymap.ts'
import type { AppState, Mode, Step } from './app-state.ts'
import { completionOf } from './command-line.ts'
import { runCommand } from './commands.ts'
import type { AppDeps } from './deps.ts'
import type { Key } from './key.ts'
import { paletteItems } from './palette.ts'
import { opened, shownPlace, switched } from './places.ts'
import { edited } from './text-field.ts'

/** Handles a key in each mode that has a text field or a short list. */

type Of<Kind extends Mode['kind']> = Extract<Mode, { kind: Kind }>

function browsing(state: AppState): Step {
  return { state: { ...state, mode: { kind: 'browse' } }, effects: [] }
}

function within(state: AppState, mode: Mode): Step {
  return { state: { ...state, mode }, effects: [] }
}

export function pressCommandLine(state: AppState, mode: Of<'command'>, key: Key, deps: AppDeps): Step {
  if (key.name === 'esc') return browsing(state)
  if (key.name === 'backspace' && mode.field.text === '') return browsing(state)
  if (key.name === 'enter') return carryOut(state, mode, deps)
  const field = edited(mode.field, key) ?? mode.field
  return within(state, { kind: 'command', field })
}

function carryOut(state: AppState, mode: Of<'command'>, deps: AppDeps): Step {
  const found = completionOf(mode.field.text, state, deps)
  const { state: calm } = browsing(state)
  switch (found.kind) {
    case 'nothing':
      return { state: calm, effects: [] }
    case 'unknown':
      return within(state, { ...mode, problem: found.problem })
    case 'command':
      // No key caused it that could be meant for its dialog.
      return runCommand(calm, found.command, -1, deps)
    case 'screen': {
      const { target } = found
      const isPlain = target.filter === undefined && target.subject === undefined
      const places = isPlain ? switched(calm.places, target.screen) : opened(calm.places, target)
      return { state: { ...calm, places }, effects: [] }
    }
  }
}

export function pressPalette(
  state: AppState,
  mode: Of<'palette'>,
  key: Key,
  read: number,
  deps: AppDeps,
): Step {
  const items = paletteItems(state, mode.field.text, deps)
  if (key.name === 'esc' || key.name === 'ctrl-p') return browsing(state)
  if (key.name === 'enter') {
    const item = items[mode.line]
    const { state: calm } = browsing(state)
    return item === undefined ? within(state, mode) : runCommand(calm, item.binding.command, read, deps)
  }
  const line = movedLine(mode.line, key, items.length)
  if (line !== undefined) return within(state, { ...mode, line })
  const field = edited(mode.field, key) ?? mode.field
  return within(state, { ...mode, field, line: 0 })
}

export function pressHelp(state: AppState, mode: Of<'help'>, key: Key): Step {
  if (key.name === 'esc' || (key.name === '?' && mode.field.text === '')) return browsing(state)
  const count = bindingsOf(shownPlace(state.places).screen).length
  const top = movedLine(mode.top, key, count)
  if (top !== undefined) return within(state, { ...mode, top })
  const field = edited(mode.field, key)
  return within(state, field === undefined ? mode : { ...mode, field, top: 0 })
}

export function pressLog(state: AppState, mode: Of<'log'>, key: Key): Step {
  if (['esc', 'q', 'L'].includes(key.name)) return browsing(state)
  const vim = { j: 'down', k: 'up' }[key.name]
  const top = movedLine(mode.top, vim === undefined ? key : { name: vim }, state.log.length)
  return within(state, top === undefined ? mode : { ...mode, top })
}

export function pressPicker(state: AppState, mode: Of<'picker'>, key: Key): Step {
  const { items } = mode.picker
  if (key.name === 'esc' || key.name === 'q') return browsing(state)
  const byKey = items.find((item) => item.key === key.name)
  const picked = byKey ?? (key.name === 'enter' ? items[mode.line] : undefined)
  if (picked !== undefined) return picked.pick(browsing(state).state)
  const vim = { j: 'down', k: 'up' }[key.name]
  const line = movedLine(mode.line, vim === undefined ? key : { name: vim }, items.length)
  return within(state, line === undefined ? mode : { ...mode, line })
}

const moves: Readonly<Record<string, number>> = {
  down: 1,
  up: -1,
  'ctrl-n': 1,
  'page-down': 10,
  'page-up': -10,
}

function movedLine(line: number, key: Key, count: number): number | undefined {
  const by = moves[key.name]
  return by === undefined ? undefined : Math.max(0, Math.min(count - 1, line + by))
}
