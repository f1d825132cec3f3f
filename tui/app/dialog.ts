import type { Tone } from '../kit/tone.ts'
import type { Effect } from './effect.ts'
import type { Key } from './key.ts'
import type { TextField } from './text-field.ts'

/**
 * Takes all keys while it is open: a confirmation, a form, the progress of an action. Pure: each method returns the
 * next dialog, and the effects. Left out of a step, the dialog closes.
 */
export interface Dialog {
  /** Its current content: another stage is a frame to paint, before which its keys are ignored. */
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
  /** The result, for the log of this session. */
  readonly logged?: readonly LogEntry[]
}

/** How a dialog begins. */
export interface OpenedDialog extends DialogStep {
  readonly dialog: Dialog
}

/** An action of this session, or an attempt. */
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
