import type { AppState } from './app-state.ts'
import type { NewToast } from './effect.ts'

/** How long a message stays, unless it is a failure. */
const shownMs = 6_000
const maxToasts = 20

export function withToast(state: AppState, toast: NewToast): AppState {
  const id = (state.toasts.at(-1)?.id ?? 0) + 1
  return { ...state, toasts: [...state.toasts, { ...toast, id, at: state.now }].slice(-maxToasts) }
}

/** Failures stay until they are dismissed. */
export function withoutOldToasts(state: AppState): AppState {
  const toasts = state.toasts.filter(({ tone, at }) => tone === 'bad' || state.now - at < shownMs)
  return toasts.length === state.toasts.length ? state : { ...state, toasts }
}

/** Without the newest one; undefined while there is none. */
export function dismissed(state: AppState): AppState | undefined {
  return state.toasts.length === 0 ? undefined : { ...state, toasts: state.toasts.slice(0, -1) }
}
