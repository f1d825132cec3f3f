import type { Copy, Row } from '../screens/screen.ts'
import { incidentReport } from '../text/incident-report.ts'
import type { AppState, Picker, Step } from './app-state.ts'
import type { AppDeps } from './deps.ts'
import type { Effect } from './effect.ts'
import { activeList, inputOf, shownScreen } from './shown.ts'
import { withToast } from './toasts.ts'

/** Commands about the row that the cursor is on, which change nothing: copies, the pager, the report. */

export function currentRow(state: AppState, { screens }: AppDeps): Row | undefined {
  const { rows, index } = activeList(state, screens)
  return rows[index]
}

/** Copies the id of the row; asks what to copy if there is a choice. */
export function copy(state: AppState, deps: AppDeps): Step {
  const row = currentRow(state, deps)
  const { thing } = row ?? {}
  const id: readonly Copy[] =
    thing === undefined ? [] : [{ key: 'y', what: `the id of the ${thing.kind}`, text: thing.id }]
  const copies = [...id, ...(shownScreen(state, deps.screens).copies?.(inputOf(state), row) ?? [])]
  const [only] = copies
  if (only === undefined) return say(state, 'nothing here can be copied')
  if (copies.length === 1) return asks(state, copyEffect(only))
  const items = copies.map((one) => ({
    ...{ key: one.key, label: one.what, pick: (now: AppState) => asks(now, copyEffect(one)) },
  }))
  return pick(state, { title: 'copy', items })
}

function copyEffect({ text, what }: Copy): Effect {
  return { kind: 'copy', text, what }
}

/** Shows the whole content of the active pane in the pager. */
export function page(state: AppState, deps: AppDeps): Step {
  const row = currentRow(state, deps)
  const found = shownScreen(state, deps.screens).page?.(inputOf(state), row)
  if (found === undefined) return say(state, 'nothing here to open in the pager')
  return asks(state, { kind: 'page', ...found })
}

/** Copies a report on the row, for a chat or a ticket. */
export function report(state: AppState, deps: AppDeps): Step {
  const input = inputOf(state)
  const about = shownScreen(state, deps.screens).incident?.(input, currentRow(state, deps))
  if (about === undefined) return say(state, 'nothing here to report on')
  const { address, name } = state.environment
  const text = incidentReport({
    ...about,
    ...{ store: address, now: input.now },
    ...(name === undefined ? {} : { environment: name }),
  })
  return asks(state, { kind: 'copy', text, what: 'the incident report' })
}

function pick(state: AppState, picker: Picker): Step {
  return { state: { ...state, mode: { kind: 'picker', picker, line: 0 } }, effects: [] }
}

function asks(state: AppState, effect: Effect): Step {
  return { state, effects: [effect] }
}

function say(state: AppState, text: string): Step {
  return { state: withToast(state, { tone: 'info', text }), effects: [] }
}
