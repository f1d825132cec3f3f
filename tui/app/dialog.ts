import type { Tone } from '../kit/tone.ts'
import type { Effect } from './effect.ts'
import type { Key } from './key.ts'
import type { TextField } from './text-field.ts'

/**
 * What takes all keys while it is open: a confirmation, a form, the progress of an action. Pure: each method returns the
 * dialog that comes next, and what is to be done. Left out of a step, the dialog closes.
 */
export interface Dialog {
  press(key: Key): DialogStep
  /** Text from the clipboard; only a text field takes it. */
  paste(text: string): DialogStep
  /** What one of its effects (`call`) sent. */
  receive(message: unknown): DialogStep
  view(): DialogView
}

export interface DialogStep {
  readonly dialog?: Dialog
  readonly effects: readonly Effect[]
}

/** What a dialog shows, without React. */
interface DialogView {
  readonly title: string
  readonly tone: Tone
  readonly lines: readonly DialogLine[]
  /** Its keys, as `y confirm`, `esc leave`. */
  readonly keys: readonly { readonly key: string; readonly label: string }[]
}

export type DialogLine =
  | { readonly kind: 'text'; readonly text: string; readonly tone?: Tone }
  | { readonly kind: 'field'; readonly label: string; readonly field: TextField; readonly active: boolean }
