import type { AppState, Mode, Step } from './app-state.ts'
import type { AppDeps } from './deps.ts'
import type { Key } from './key.ts'
import { shownPlace, withPlace } from './places.ts'
import { inputOf, shownScreen } from './shown.ts'
import { edited } from './text-field.ts'

/** Handles a key while a filter is typed: the list follows each one. */

type FilterMode = Extract<Mode, { kind: 'filter' }>

export function pressFilter(state: AppState, mode: FilterMode, key: Key, deps: AppDeps): Step {
  if (key.name === 'esc') return browsing(filtered(state, mode.before))
  if (key.name === 'enter') return browsing(state)
  if (key.name === 'tab') return completed(state, mode, 1, deps)
  if (key.name === 'shift-tab') return completed(state, mode, -1, deps)
  const { offer: _, ...plain } = mode
  return within(state, { ...plain, field: edited(mode.field, key) ?? mode.field })
}

/** Inserts the first candidate at the caret; each further tab replaces it with the next one. */
function completed(state: AppState, mode: FilterMode, by: 1 | -1, deps: AppDeps): Step {
  const offer = mode.offer === undefined ? offered(state, mode, deps) : turned(mode.offer, by)
  const candidate = offer?.candidates[offer.shown]
  if (offer === undefined || candidate === undefined) return within(state, mode)
  const begun = mode.offer === undefined ? mode.field.text : mode.offer.typed
  const text = `${begun.slice(0, offer.start)}${candidate.insert}${begun.slice(offer.end)}`
  const { offer: _, ...plain } = mode
  return within(state, {
    ...plain,
    field: { text, caret: offer.start + candidate.insert.length },
    // The only one is inserted: the next tab completes what follows.
    ...(offer.candidates.length > 1 ? { offer } : {}),
  })
}

type Offer = NonNullable<FilterMode['offer']>

function offered(state: AppState, { field }: FilterMode, { screens }: AppDeps): Offer | undefined {
  const completion = shownScreen(state, screens).complete?.(inputOf(state), field.text, field.caret)
  return completion === undefined ? undefined : { ...completion, shown: 0, typed: field.text }
}

function turned(offer: Offer, by: 1 | -1): Offer {
  const count = offer.candidates.length
  return { ...offer, shown: (offer.shown + by + count) % count }
}

function browsing(state: AppState): Step {
  return { state: { ...state, mode: { kind: 'browse' } }, effects: [] }
}

function within(state: AppState, mode: FilterMode): Step {
  return { state: { ...filtered(state, mode.field.text.trim()), mode }, effects: [] }
}

function filtered(state: AppState, filter: string): AppState {
  if (shownPlace(state.places).filter === filter) return state
  return { ...state, places: withPlace(state.places, { filter, cursors: {}, marks: new Set(), all: false }) }
}
