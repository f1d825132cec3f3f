import type { StatisticsRange } from '../../runtime/store/statistics.ts'
import type { FleetView } from '../fleet/fleet-view.ts'
import type { Look } from '../kit/look.ts'
import type { Size } from '../screens/screen.ts'
import type { FilterCompletion } from '../text/complete-filter.ts'
import type { Dialog, LogEntry } from './dialog.ts'
import type { Effect, NewToast } from './effect.ts'
import type { Places } from './places.ts'
import type { TextField } from './text-field.ts'

/** How the process was started; never changes. */
export interface Environment {
  /** As `--env` names it; left out: the store's address is shown instead. */
  readonly name?: string
  readonly isProduction: boolean
  /** Of the store, without secrets. */
  readonly address: string
  /** The value of `--store`, for commands to type; left out: the default. */
  readonly store?: string
  /** Whether actions are enabled. */
  readonly write: boolean
  /** The name for the audit log. */
  readonly operator: string
  readonly look: Look
}

/** Where keys go. */
export type Mode =
  | { readonly kind: 'browse' }
  /** The place's filter while it is typed; esc restores `before`. `offer`: the candidates that tab cycles through. */
  | {
      readonly kind: 'filter'
      readonly field: TextField
      readonly before: string
      readonly offer?: FilterCompletion & { readonly shown: number; readonly typed: string }
    }
  | { readonly kind: 'command'; readonly field: TextField; readonly problem?: string }
  | { readonly kind: 'palette'; readonly field: TextField; readonly line: number }
  | { readonly kind: 'help'; readonly field: TextField; readonly top: number }
  | { readonly kind: 'log'; readonly top: number }
  | { readonly kind: 'picker'; readonly picker: Picker; readonly line: number }
  /**
   * `read`: number of the read whose key opened it; `painted`: its frame has reached the terminal. Before that, and
   * from that read, the dialog gets no key.
   */
  | { readonly kind: 'dialog'; readonly dialog: Dialog; readonly read: number; readonly painted: boolean }

/** A short list to choose from. */
export interface Picker {
  readonly title: string
  readonly items: readonly PickerItem[]
}

interface PickerItem {
  /** The key that picks it at once; left out: by cursor and enter only. */
  readonly key?: string
  readonly label: string
  readonly hint?: string
  readonly pick: (state: AppState) => Step
}

interface Toast extends NewToast {
  readonly id: number
  /** By this host's clock. */
  readonly at: number
}

/** The result of a place's read. */
interface PlaceData {
  readonly data: unknown
  /** The request it was for: see `requestOf`. */
  readonly request: string
  /** The next read adds to the data. */
  readonly isPartial?: true
  readonly problem?: string
}

/** The whole state of the TUI: immutable, replaced only by `step`. */
export interface AppState {
  readonly environment: Environment
  readonly size: Size
  /** Of this host's clock. */
  readonly now: number
  readonly places: Places
  readonly mode: Mode
  readonly range: StatisticsRange
  readonly fleet: FleetView
  /** By place. */
  readonly data: ReadonlyMap<number, PlaceData>
  /** While the view is frozen: shown instead of `fleet` and `data`. */
  readonly frozen?: { readonly at: number; readonly fleet: FleetView; readonly data: AppState['data'] }
  /** The newest last; failures stay until esc. */
  readonly toasts: readonly Toast[]
  /** The actions of this session, the newest last. */
  readonly log: readonly LogEntry[]
  /** A first q at the root was pressed: a second one quits. */
  readonly quitting: boolean
}

export interface Step {
  readonly state: AppState
  readonly effects: readonly Effect[]
}
