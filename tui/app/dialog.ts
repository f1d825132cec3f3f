import type { Tone } from '../kit/tone.ts'
import type { Effect } from './effect.ts'
import type { Key } from './key.ts'
import type { TextField } from './text-field.ts'

/**
 * What takes all keys while it is open: a confirmation, a form, the progress of an action. Pure: each method returns the
 * dialog that comes next, and what is to be done. Left out of a step, the dialog closes.
 */
export interface Dialog {
  /** What it says and asks now: another stage is a frame to paint, before which its keys mean nothing. */
  readonly stage: string
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
  /** What was done by it, for the log of this session. */
  readonly logged?: readonly LogEntry[]
}

/** How a dialog begins. */
export interface OpenedDialog extends DialogStep {
  readonly dialog: Dialog
}

/** Something that this session did, or tried to. */
export interface LogEntry {
  /** By this host's clock. */
  readonly at: number
  /** As the keymap names it. */
  readonly command: string
  readonly target: string
  readonly outcome: 'done' | 'partly' | 'refused' | 'stopped' | 'unknown'
  readonly text: string
}

/** What a dialog shows, without React. */
export interface DialogView {
  readonly title: string
  readonly tone: Tone
  readonly lines: readonly DialogLine[]
  /** Its keys, as `y confirm`, `esc leave`. */
  readonly keys: readonly { readonly key: string; readonly label: string }[]
}

export type DialogLine =
  | { readonly kind: 'text'; readonly text: string; readonly tone?: Tone }
  | { readonly kind: 'field'; readonly label: string; readonly field: TextField; readonly active: boolean }
