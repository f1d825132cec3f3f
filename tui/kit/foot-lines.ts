import { eventSentence } from '../../runtime/describe/event-sentence.ts'
import type { AppState } from '../app/app-state.ts'
import { actionsForChosen, isKnown } from '../app/commands.ts'
import type { AppDeps } from '../app/deps.ts'
import { shownPlace } from '../app/places.ts'
import { troubleLines } from '../app/trouble-lines.ts'
import { bindingsOf, keyText } from '../keymap.ts'
import { fieldSpans } from './field-spans.ts'
import { fitSpans, type Span, span, spread, widthOf } from './span.ts'
import type { Tone } from './tone.ts'

/** The two lines at the bottom: the last message, or the input; then the keys. */

export function messageLine(state: AppState, deps: AppDeps): readonly Span[] {
  const { mode, size, quitting } = state
  const { columns } = size
  if (mode.kind === 'filter') {
    return filterSpans(state, mode, deps)
  }
  if (mode.kind === 'command') {
    const problem = mode.problem === undefined ? [] : [span(mode.problem, 'bad')]
    return besideTyped([span(':', 'key'), ...fieldSpans(mode.field)], problem, columns)
  }
  if (quitting) return fitSpans([span('q again quits; any other key continues', 'warn')], columns)
  return fitSpans(toastSpans(state) ?? problemSpans(state) ?? newestEvent(state), columns)
}

function filterSpans(
  { places, size: { columns } }: AppState,
  { field, offer }: Extract<AppState['mode'], { kind: 'filter' }>,
  { screens }: AppDeps,
): readonly Span[] {
  const screen = screens[shownPlace(places).screen]
  const typed = [span('/', 'key'), ...fieldSpans(field)]
  if (offer === undefined) {
    const tab = screen?.complete === undefined ? '' : '  tab completes'
    return besideTyped(typed, [span(`${screen?.filterHint ?? ''}${tab}`, 'dim')], columns)
  }
  const { candidates, shown } = offer
  const others = candidates.slice(shown + 1).map(({ insert }) => insert)
  const text = `${shown + 1} of ${candidates.length}${others.length === 0 ? '' : `; tab: ${others.join(' ')}`}`
  return fitSpans([...typed, span(`   ${text}`, 'dim')], columns)
}

/** A hint gets what is left beside what is typed. */
function besideTyped(typed: readonly Span[], hint: readonly Span[], columns: number): readonly Span[] {
  return spread(typed, fitSpans(hint, columns - widthOf(typed) - 2), columns)
}

function toastSpans({ toasts }: AppState): readonly Span[] | undefined {
  const toast = toasts.at(-1)
  if (toast === undefined) return undefined
  const more =
    toasts.length > 1 ? ` (and ${toasts.length - 1} more; esc)` : toast.tone === 'bad' ? ' (esc)' : ''
  return [span(toast.text, toast.tone), span(more, 'dim')]
}

/** Empty if separate lines show it. */
function problemSpans(state: AppState): readonly Span[] | undefined {
  const { connection } = state.fleet
  const isTold = !('message' in connection) || troubleLines(state).length > 0
  return isTold ? undefined : [span(connection.message, 'bad')]
}

/** The last operations of operators, leaders and workers. */
function newestEvent(state: AppState): readonly Span[] {
  const event = (state.frozen ?? state).fleet.overview?.operations.at(-1)
  if (event === undefined) return []
  return [span(`${new Date(event.at).toISOString().slice(11, 19)} ${eventSentence(event)}`, 'dim')]
}

/** Keys of this screen in the keymap's order, as many as fit; of actions, those that apply to the selection. */
export function keysLine(state: AppState, deps: AppDeps): readonly Span[] {
  const { columns } = state.size
  const all = hintsOf(state, deps)
  // Fits on any terminal: the key that shows all others.
  const help = all.filter(({ 0: key }) => key === '?')
  let left = columns - 1 - help.reduce((sum, hint) => sum + hintWidth(hint), 0)
  const fitting = all.filter((hint) => {
    if (help.includes(hint)) return true
    const fits = hintWidth(hint) <= left
    if (fits) left -= hintWidth(hint)
    return fits
  })
  return fitting.flatMap(([key, label, tone]) => [span(` ${key}`, 'key'), span(` ${label} `, tone)])
}

function hintWidth([key, label]: Hint): number {
  return key.length + label.length + 3
}

type Hint = readonly [key: string, label: string, tone: Tone]

const modeHints: Readonly<Record<Exclude<AppState['mode']['kind'], 'browse' | 'dialog'>, readonly Hint[]>> = {
  filter: [
    ['enter', 'keep', 'dim'],
    ['esc', 'leave unchanged', 'dim'],
  ],
  command: [
    ['enter', 'go', 'dim'],
    ['esc', 'leave', 'dim'],
  ],
  palette: [
    ['enter', 'do it', 'dim'],
    ['↑↓', 'choose', 'dim'],
    ['esc', 'leave', 'dim'],
  ],
  help: [
    ['↑↓', 'scroll', 'dim'],
    ['type', 'search', 'dim'],
    ['esc', 'close', 'dim'],
  ],
  log: [
    ['↑↓', 'scroll', 'dim'],
    ['esc', 'close', 'dim'],
  ],
  picker: [
    ['enter', 'pick', 'dim'],
    ['esc', 'leave', 'dim'],
  ],
}

function hintsOf(state: AppState, deps: AppDeps): readonly Hint[] {
  const { mode, environment } = state
  if (mode.kind === 'dialog') return mode.dialog.view().keys.map(({ key, label }) => [key, label, 'dim'])
  if (mode.kind !== 'browse') return modeHints[mode.kind]
  const isForChosen = actionsForChosen(state, deps)
  return bindingsOf(shownPlace(state.places).screen)
    .filter(({ footer, command }) => footer !== undefined && isKnown(command, state, deps))
    .filter(({ command, tier }) => tier === undefined || isForChosen(command))
    .sort((a, b) => (a.footer ?? 0) - (b.footer ?? 0))
    .map(({ keys: [key = ''], command, label }) => {
      return [keyText(key, environment.look.ascii), labelOf(command, label, state), 'dim']
    })
}

/** The current effect of two toggles. */
function labelOf(command: string, label: string, { range, frozen }: AppState): string {
  if (command === 'range') return `range ${range}`
  return command === 'freeze' && frozen !== undefined ? 'unfreeze' : label
}
