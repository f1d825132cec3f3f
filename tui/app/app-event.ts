import type { FleetView } from '../fleet/fleet-view.ts'
import type { Size } from '../screens/screen.ts'
import type { NewToast } from './effect.ts'
import type { Key } from './key.ts'

/** Everything that can happen to the app. */
export type AppEvent =
  /** `read`: number of the read from the terminal that it came with. */
  | { readonly kind: 'key'; readonly key: Key; readonly read: number }
  | { readonly kind: 'paste'; readonly text: string }
  /** The frame of a stage of the dialog has reached the terminal. */
  | { readonly kind: 'painted'; readonly stage: string }
  | { readonly kind: 'resize'; readonly size: Size }
  | { readonly kind: 'tick'; readonly now: number }
  | { readonly kind: 'fleet'; readonly fleet: FleetView }
  | { readonly kind: 'data'; readonly place: number; readonly request: string; readonly outcome: ReadOutcome }
  /** A message from an effect `call` to its dialog. */
  | { readonly kind: 'message'; readonly message: unknown }
  | { readonly kind: 'toast'; readonly toast: NewToast }

export type ReadOutcome =
  /** `isPartial`: the next read adds to it. */
  | { readonly kind: 'read'; readonly data: unknown; readonly isPartial?: true }
  | { readonly kind: 'failed'; readonly problem: string }
