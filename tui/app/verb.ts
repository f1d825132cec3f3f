import type { Environment } from './app-state.ts'
import type { OpenedDialog } from './dialog.ts'
import type { Place } from './place.ts'
import type { Thing } from './thing.ts'

/** The target of an action: fixed at the key press. */
export interface ActContext {
  readonly environment: Environment
  readonly place: Place
  /** All matches if that was chosen, or the marked rows, or else the row under the cursor. */
  readonly things: readonly Thing[]
}

/**
 * A command that acts on the store, one per command of tui/actions. Its keys and its minimum tier are in the keymap,
 * under `command`.
 */
export interface Verb {
  readonly command: string
  /**
   * Returns why it isn't available now, for the palette and a toast; undefined if it is. The caller checks `--write`.
   */
  refusal(context: ActContext): string | undefined
  /** Returns its dialog, and the first read of its effect. */
  begin(context: ActContext): OpenedDialog
}
