import type { StatisticsRange } from '../../runtime/store/statistics.ts'
import type { AppState, Picker, Step } from './app-state.ts'
import type { AppDeps } from './deps.ts'
import { openedDialog } from './dialog-mode.ts'
import type { Effect } from './effect.ts'
import { jump } from './jump.ts'
import { moved } from './list-window.ts'
import type { Place, ScreenName } from './place.ts'
import { screenNames } from './place.ts'
import { opened, type Places, shownPlace, switched, toggled, walked, wentBack, withPlace } from './places.ts'
import { copy, currentRow, page, report } from './row-commands.ts'
import { activeList, activePane, cursorIn, inputOf, shownScreen } from './shown.ts'
import { emptyField, fieldOf } from './text-field.ts'
import type { Thing } from './thing.ts'
import { dismissed, withToast } from './toasts.ts'
import type { ActContext } from './verb.ts'

/** Carries out a command of the keymap. `read`: number of the read that brought the key. */
type Command = (state: AppState, deps: AppDeps, read: number) => Step

/** Carries out a command of the app, of the shown screen, or an action. */
export function runCommand(state: AppState, command: string, read: number, deps: AppDeps): Step {
  const own = commands[command]
  if (own !== undefined) return own(state, deps, read)
  const toggle = shownScreen(state, deps.screens).toggles?.[command]
  if (toggle !== undefined) {
    const input = inputOf(state)
    return changed(state, { own: toggle(input.place.own, currentRow(state, deps), input) })
  }
  return begin(state, command, read, deps)
}

/** Returns why a command isn't available now; undefined if it is. */
export function refusalOf(state: AppState, command: string, deps: AppDeps): string | undefined {
  const verb = deps.verbs[command]
  if (verb === undefined) return undefined
  if (!state.environment.write) return 'read-only: start jobs-tui with --write'
  if (state.fleet.connection.kind !== 'live') return 'the store can’t be reached'
  if (state.frozen !== undefined) return 'the view is frozen: F unfreezes it'
  return verb.refusal(actContext(state, deps))
}

/**
 * Returns whether an action applies to the current selection, for any user: for all actions at once, for the footer.
 */
export function actionsForChosen(state: AppState, deps: AppDeps): (command: string) => boolean {
  const context = actContext(state, deps)
  return (command) => deps.verbs[command]?.refusal(context) === undefined
}

/** A command of the keymap that this program has: its actions may be left out. */
export function isKnown(command: string, state: AppState, { screens, verbs }: AppDeps): boolean {
  const toggles = shownScreen(state, screens).toggles ?? {}
  return command in commands || command in toggles || command in verbs
}

function begin(state: AppState, command: string, read: number, deps: AppDeps): Step {
  const verb = deps.verbs[command]
  if (verb === undefined) return stay(state)
  const refusal = refusalOf(state, command, deps)
  if (refusal !== undefined) return say(state, `${command}: ${refusal}`)
  return openedDialog(state, verb.begin(actContext(state, deps)), read)
}

function actContext(state: AppState, { screens }: AppDeps): ActContext {
  const place = shownPlace(state.places)
  if (place.all) {
    const all = shownScreen(state, screens).all?.(inputOf(state))
    const things = all !== undefined && 'thing' in all ? [all.thing] : []
    return { environment: state.environment, place, things }
  }
  const { rows, index } = activeList(state, screens)
  const marked = rows.filter(({ id }) => place.marks.has(id))
  const current = rows[index]
  const asked = marked.length > 0 ? marked : current === undefined ? [] : [current]
  const things = asked.flatMap(({ thing }): Thing[] => (thing === undefined ? [] : [thing]))
  return { environment: state.environment, place, things }
}

const half = (height: number): number => Math.max(1, Math.floor(height / 2))

const commands: Readonly<Record<string, Command>> = {
  down: move(() => 1),
  up: move(() => -1),
  top: move(() => Number.NEGATIVE_INFINITY),
  bottom: move((_, count) => count),
  'half page down': move(half),
  'half page up': move((height) => -half(height)),
  'page down': move((height) => height),
  'page up': move((height) => -height),
  'next pane': (state, deps) => turnPane(state, deps, 1),
  'previous pane': (state, deps) => turnPane(state, deps, -1),
  open,
  back,
  ...Object.fromEntries(screenNames.map((name) => [`go ${name}`, goTo(name)])),
  'history back': (state) => went(state, walked(state.places, -1), 'no screen was visited before this one'),
  'history forward': (state) => went(state, walked(state.places, 1), 'no screen was visited after this one'),
  toggle: (state) => went(state, toggled(state.places), 'no other screen was visited yet'),
  'command line': (state) => stay({ ...state, mode: { kind: 'command', field: emptyField } }),
  palette: (state) => stay({ ...state, mode: { kind: 'palette', field: emptyField, line: 0 } }),
  log: (state) => stay({ ...state, mode: { kind: 'log', top: 0 } }),
  help: (state) => stay({ ...state, mode: { kind: 'help', field: emptyField, top: 0 } }),
  filter,
  sort: pickSort,
  'flip sort': flipSort,
  range: (state) => stay({ ...state, range: nextRange[state.range] }),
  freeze,
  reload: (state) => ({ ...say(state, 'reading everything again'), effects: [{ kind: 'reload' }] }),
  mark,
  'unmark all': (state) => changed(state, { marks: new Set(), all: false }),
  'choose all': chooseAll,
  jump,
  copy,
  page,
  report,
  quit,
  'quit at once': (state) => asks(state, { kind: 'quit' }),
  suspend: (state) => asks(state, { kind: 'suspend' }),
  repaint: (state) => asks(state, { kind: 'repaint' }),
}

const nextRange: Readonly<Record<StatisticsRange, StatisticsRange>> = { '5m': '1h', '1h': '24h', '24h': '5m' }

function stay(state: AppState): Step {
  return { state, effects: [] }
}

function asks(state: AppState, effect: Effect): Step {
  return { state, effects: [effect] }
}

function say(state: AppState, text: string): Step {
  return stay(withToast(state, { tone: 'info', text }))
}

function changed(state: AppState, change: Partial<Omit<Place, 'id' | 'screen'>>): Step {
  return stay({ ...state, places: withPlace(state.places, change) })
}

function went(state: AppState, places: Places | undefined, else_: string): Step {
  return places === undefined ? say(state, else_) : stay({ ...state, places })
}

/**
 * Moves the cursor of the active list by a number of rows that `by` computes from the pane's height and the list's
 * length.
 */
function move(by: (height: number, count: number) => number): Command {
  return (state, { screens }) => {
    const place = shownPlace(state.places)
    const { pane, rows, height } = activeList(state, screens)
    const screen = shownScreen(state, screens)
    const next = moved(rows, cursorIn(screen, inputOf(state), pane), by(height, rows.length), height)
    const [first] = rows
    const isKept = next === undefined && first !== undefined && screen.begins !== undefined
    const cursor = isKept ? { id: first.id, index: 0, line: 0 } : next
    const { [pane]: _, '': __, ...others } = place.cursors
    return changed(state, { cursors: cursor === undefined ? others : { ...others, [pane]: cursor } })
  }
}

function turnPane(state: AppState, { screens }: AppDeps, by: 1 | -1): Step {
  const screen = shownScreen(state, screens)
  const at = screen.panes.indexOf(activePane(shownPlace(state.places), screen))
  const pane = screen.panes.at((at + by) % screen.panes.length)
  return pane === undefined ? stay(state) : changed(state, { pane })
}

function open(state: AppState, deps: AppDeps, read: number): Step {
  const { target, opensNothing } = currentRow(state, deps) ?? {}
  if (target !== undefined && deps.screens[target.screen] !== undefined) {
    return stay({ ...state, places: opened(state.places, target) })
  }
  if (opensNothing !== undefined) return say(state, opensNothing)
  return shownScreen(state, deps.screens).toggles?.fold === undefined
    ? stay(state)
    : runCommand(state, 'fold', read, deps)
}

/** Closes the nearest first: a message, the filter, the place. */
function back(state: AppState): Step {
  const quieter = dismissed(state)
  if (quieter !== undefined) return stay(quieter)
  const place = shownPlace(state.places)
  if (place.marks.size > 0 || place.all) return changed(state, { marks: new Set(), all: false })
  if (place.filter !== place.openedWith) return changed(state, { filter: place.openedWith, cursors: {} })
  const places = wentBack(state.places)
  return places === undefined
    ? say(state, 'this is the root: q quits, 1-9 open screens')
    : stay({ ...state, places })
}

function goTo(screen: ScreenName): Command {
  return (state, { screens }) =>
    screens[screen] === undefined ? stay(state) : stay({ ...state, places: switched(state.places, screen) })
}

/** At the root it asks for a second press. */
function quit(state: AppState): Step {
  const places = wentBack(state.places)
  if (places !== undefined) return stay({ ...state, places })
  return state.quitting ? asks(state, { kind: 'quit' }) : stay({ ...state, quitting: true })
}

function filter(state: AppState, { screens }: AppDeps): Step {
  if (shownScreen(state, screens).filterHint === undefined) return say(state, 'this screen has no filter')
  const before = shownPlace(state.places).filter
  return stay({ ...state, mode: { kind: 'filter', field: fieldOf(before), before } })
}

function pickSort(state: AppState, { screens }: AppDeps): Step {
  const { sorts = [] } = shownScreen(state, screens)
  if (sorts.length === 0) return say(state, 'the order of this list is fixed')
  const picker: Picker = {
    title: 'sort by',
    items: sorts.map(({ column, title }) => ({
      label: title,
      pick: (now) => changed(now, { sort: { column, descending: true }, cursors: {} }),
    })),
  }
  return stay({ ...state, mode: { kind: 'picker', picker, line: 0 } })
}

function flipSort(state: AppState, { screens }: AppDeps): Step {
  const [first] = shownScreen(state, screens).sorts ?? []
  if (first === undefined) return say(state, 'the order of this list is fixed')
  const { column, descending } = shownPlace(state.places).sort ?? { column: first.column, descending: true }
  return changed(state, { sort: { column, descending: !descending }, cursors: {} })
}

function freeze(state: AppState): Step {
  if (state.frozen !== undefined) {
    const { frozen: _, ...moving } = state
    return stay(moving)
  }
  const { now: at, fleet } = state
  // The shown content stays, complete or not.
  const data = new Map([...state.data].map(([place, { isPartial: _, ...shown }]) => [place, shown]))
  return stay({ ...state, frozen: { at, fleet, data } })
}

/** Marks the row and moves to the next one. */
function mark(state: AppState, deps: AppDeps, read: number): Step {
  const row = currentRow(state, deps)
  if (row?.thing === undefined) return stay(state)
  const marks = new Set(shownPlace(state.places).marks)
  if (!marks.delete(row.id)) marks.add(row.id)
  return runCommand(changed(state, { marks, all: false }).state, 'down', read, deps)
}

/** Targets all matches of the filter from now on, or rows again. */
function chooseAll(state: AppState, { screens }: AppDeps): Step {
  if (shownPlace(state.places).all) return changed(state, { all: false })
  const all = shownScreen(state, screens).all?.(inputOf(state))
  if (all === undefined) return say(state, 'on this screen actions apply to rows only')
  if ('problem' in all) return say(state, all.problem)
  return changed(state, { all: true, marks: new Set() })
}

/** Names of all commands, for the test that the keymap has no other. */
export const commandNames: readonly string[] = Object.keys(commands)
