import type {
  ListWindow,
  ReadRequest,
  Row,
  Screen,
  ScreenInput,
  ScreenRead,
  Screens,
  Size,
} from '../screens/screen.ts'
import type { AppState } from './app-state.ts'
import { cursorIndex, cursorOf, windowOf } from './list-window.ts'
import type { Cursor, Place } from './place.ts'
import { shownPlace } from './places.ts'
import { troubleLines } from './trouble-lines.ts'

/** Values derived from a state for the shown screen. All of it is pure. */

/** Lines of the frame that are not the body: two on top, two at the bottom; more while the store is in trouble. */
const frameRows = 4
const rowsPerPage = 100

export function shownScreen(state: AppState, screens: Screens): Screen {
  const { screen } = shownPlace(state.places)
  const found = screens[screen]
  if (found === undefined) throw new Error(`no screen '${screen}'`)
  return found
}

export function bodySize(state: Pick<AppState, 'size' | 'fleet'>): Size {
  const { columns, rows } = state.size
  return { columns, rows: Math.max(0, rows - frameRows - troubleLines(state).length) }
}

/** Whether the terminal can hold the frame at all. */
export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < 40 || rows < 10
}

/** One key and its frame ask several times: the same state gets the same input, so that `rowsOf` recognizes it. */
const inputs = new WeakMap<AppState, ScreenInput<unknown>>()

export function inputOf(state: AppState): ScreenInput<unknown> {
  const known = inputs.get(state)
  if (known !== undefined) return known
  const input = makeInput(state)
  inputs.set(state, input)
  return input
}

function makeInput(state: AppState): ScreenInput<unknown> {
  const place = shownPlace(state.places)
  const { fleet, data } = state.frozen ?? state
  const found = data.get(place.id)
  return {
    ...{ fleet, place, range: state.range, look: state.environment.look },
    ...{ data: found?.data, problem: found?.problem },
    ...(state.environment.store === undefined ? {} : { store: state.environment.store }),
    now: (state.frozen?.at ?? state.now) + fleet.aheadMs,
    size: bodySize(state),
  }
}

interface MadeRows {
  readonly screen: Screen
  readonly byPane: Map<string, readonly Row[]>
}

const madeRows = new WeakMap<ScreenInput<unknown>, MadeRows>()

/** The rows of a pane, made once for each input. */
function rowsOf(screen: Screen, input: ScreenInput<unknown>, pane: string): readonly Row[] {
  const known = madeRows.get(input)
  const made = known?.screen === screen ? known : { screen, byPane: new Map<string, readonly Row[]>() }
  const rows = made.byPane.get(pane) ?? screen.rows(input, pane)
  made.byPane.set(pane, rows)
  madeRows.set(input, made)
  return rows
}

export function activePane(place: Place, screen: Screen): string {
  return place.pane ?? screen.panes[0]
}

/** Where the cursor of a pane is; undefined: on the first row, whichever that is. */
export function cursorIn(screen: Screen, input: ScreenInput<unknown>, pane: string): Cursor | undefined {
  const placed = cursorOf(input.place, pane)
  if (placed !== undefined) return placed
  const id = screen.begins?.(input, pane)
  return id === undefined ? undefined : { id, index: 0, line: Number.MAX_SAFE_INTEGER }
}

/** The list that has the keys, and where its cursor is. */
export interface ActiveList {
  readonly pane: string
  readonly rows: readonly Row[]
  /** -1 in an empty list. */
  readonly index: number
  readonly height: number
}

export function activeList(state: AppState, screens: Screens): ActiveList {
  const screen = shownScreen(state, screens)
  const input = inputOf(state)
  const pane = activePane(input.place, screen)
  const rows = rowsOf(screen, input, pane)
  return {
    ...{ pane, rows },
    index: cursorIndex(rows, cursorIn(screen, input, pane)),
    height: Math.max(1, screen.height(input, pane)),
  }
}

export function windowsOf(screen: Screen, input: ScreenInput<unknown>): Readonly<Record<string, ListWindow>> {
  const active = activePane(input.place, screen)
  const windows = screen.panes.map((pane) => {
    const height = Math.max(0, screen.height(input, pane))
    const rows = rowsOf(screen, input, pane)
    return [pane, windowOf(rows, cursorIn(screen, input, pane), height, pane === active)] as const
  })
  return Object.fromEntries(windows)
}

/** The request for the shown place. */
export function requestOf(state: AppState, screens: Screens): ReadRequest {
  const { place, now } = inputOf(state)
  const { rows, index, height } = activeList(state, screens)
  const { subject, filter, sort, own } = place
  const isFirst = index <= 0
  const current = rows[index]?.id
  return {
    ...{ now, filter, own, range: state.range },
    ...(subject === undefined ? {} : { subject }),
    ...(state.environment.store === undefined ? {} : { store: state.environment.store }),
    ...(sort === undefined ? {} : { sort }),
    wanted: Math.ceil((Math.max(0, index) + 2 * height) / rowsPerPage) * rowsPerPage,
    ...(isFirst || current === undefined ? {} : { row: current }),
    ...(current === undefined ? {} : { current }),
  }
}

/** Identifies the subject of a read: as long as it stays the same, a read continues from the last one's result. */
export function requestKey(request: ReadRequest, read?: ScreenRead<unknown>): string {
  if (read?.keyOf !== undefined) return read.keyOf(request)
  const { subject, filter, sort, range, own } = request
  return JSON.stringify([subject, filter, sort, range, own])
}
