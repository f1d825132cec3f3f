import type { Jobs } from '../../runtime/client/client.ts'

/** A side effect requested by a step; `terminal/effect-runner.ts` carries it out. */
export type Effect =
  | { readonly kind: 'quit' }
  /** Hands the terminal back and stops the process, as ctrl-z does. */
  | { readonly kind: 'suspend' }
  /** Clears the terminal and paints anew. */
  | { readonly kind: 'repaint' }
  /** Reads the fleet and the visible screen at once. */
  | { readonly kind: 'reload' }
  /** Puts text into the clipboard of the user's terminal; `what` is for the toast. */
  | { readonly kind: 'copy'; readonly text: string; readonly what: string }
  /** Shows text in `$PAGER`. */
  | { readonly kind: 'page'; readonly text: string; readonly name: string }
  /** Calls the store for a dialog; its messages go to the dialog's `receive` while that is open. */
  | { readonly kind: 'call'; readonly call: StoreCall }
  | { readonly kind: 'abort calls' }
  | { readonly kind: 'toast'; readonly toast: NewToast }

/**
 * A failure of the store is a message too; it rejects only with errors that `send` throws, a defect of the app.
 * `signal` aborts when the user stops it.
 */
export type StoreCall = (jobs: Jobs, send: (message: unknown) => void, signal: AbortSignal) => Promise<void>

export interface NewToast {
  readonly tone: 'good' | 'info' | 'warn' | 'bad'
  readonly text: string
}
