import type { Environment } from './app-state.ts'
import type { OpenedDialog } from './dialog.ts'
import type { Place } from './place.ts'
import type { Thing } from './thing.ts'

/** What an action is asked for: fixed at the key press. */
export interface ActContext {
  readonly environment: Environment
  readonly place: Place
  /** All that matches where that was chosen, or those of the marked rows, or else of the row that the cursor is on. */
  readonly things: readonly Thing[]
}

/** A command that acts on the store, one per command of tui/actions. Its keys and its least tier are in the keymap, under `command`. */
export interface Verb {
  readonly command: string
  /** Why it can't be done to this now, for the palette and a toast; undefined when it can. That it lacks `--write` is said for it. */
  refusal(context: ActContext): string | undefined
  /** The dialog that asks for it, and its first read of what it would do. */
  begin(context: ActContext): OpenedDialog
}
