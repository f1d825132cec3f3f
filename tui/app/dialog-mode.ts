import type { AppState, Mode, Step } from './app-state.ts'
import type { DialogStep, OpenedDialog } from './dialog.ts'

export function openedDialog(state: AppState, { dialog, effects }: OpenedDialog, read: number): Step {
  return { state: { ...state, mode: { kind: 'dialog', dialog, read, painted: false } }, effects }
}

/**
 * The dialog after a key, a paste or a message; if its content changes, a frame must be painted first.
 * @param read Of the key: keys from the same read were typed before that frame. Left out: not caused by a key.
 */
export function withDialogStep(
  state: AppState,
  mode: Extract<Mode, { kind: 'dialog' }>,
  { dialog, effects, logged = [] }: DialogStep,
  read: number = mode.read,
): Step {
  const log = logged.length === 0 ? state.log : [...state.log, ...logged].slice(-maxLogged)
  if (dialog === undefined) return { state: { ...state, log, mode: { kind: 'browse' } }, effects }
  const isNew = dialog.stage !== mode.dialog.stage
  const armed = isNew ? { read, painted: false } : { read: mode.read, painted: mode.painted }
  return { state: { ...state, log, mode: { kind: 'dialog', dialog, ...armed } }, effects }
}

const maxLogged = 500
