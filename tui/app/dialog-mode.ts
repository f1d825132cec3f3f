import type { AppState, Mode, Step } from './app-state.ts'
import type { Dialog, DialogStep } from './dialog.ts'

export function openedDialog(state: AppState, dialog: Dialog, read: number): Step {
  return { state: { ...state, mode: { kind: 'dialog', dialog, read, painted: false } }, effects: [] }
}

/** What a dialog makes of a key, a paste or a message; one that says something else now has a frame to paint first. */
export function withDialogStep(
  state: AppState,
  mode: Extract<Mode, { kind: 'dialog' }>,
  { dialog, effects }: DialogStep,
): Step {
  if (dialog === undefined) return { state: { ...state, mode: { kind: 'browse' } }, effects }
  return { state: { ...state, mode: { ...mode, dialog } }, effects }
}
