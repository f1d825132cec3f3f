import type { ReactNode } from 'react'
import type { Jobs } from '../../runtime/client/client.ts'
import type { StatisticsRange } from '../../runtime/store/statistics.ts'
import type { Jump, Place, ScreenName, Sort, Target } from '../app/place.ts'
import type { Thing } from '../app/thing.ts'
import type { AlarmCount } from '../fleet/alarm-count.ts'
import type { FleetView } from '../fleet/fleet-view.ts'
import type { Look } from '../kit/look.ts'
import type { FilterCompletion } from '../text/complete-filter.ts'
import type { Incident } from '../text/incident-report.ts'

/** Columns and rows of characters. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

/** A row of a list: the app only uses the id; the rest is the screen's own. */
export interface Row {
  /** Of the thing it shows, never its number. */
  readonly id: string
  /** Left out: nothing can be done to it. */
  readonly thing?: Thing
  /** The target of enter. */
  readonly target?: Target
  /** Of a row without a target: why enter opens nothing. */
  readonly opensNothing?: string
  /** Its related items, the nearest first; left out: none. */
  readonly jumps?: readonly Jump[]
}

/** A part of a row that can be copied. */
export interface Copy {
  /** In the list that asks what to copy: one letter, each once; `y` is the id's. */
  readonly key: string
  /** As `the error`. */
  readonly what: string
  readonly text: string
}

/** The whole input of a screen: the same for rows and view, and nothing else. */
export interface ScreenInput<Data> {
  /** The data read once a second for every screen. */
  readonly fleet: FleetView
  /** The last result of the screen's own read; undefined until there is one. */
  readonly data: Data | undefined
  /** Why its last read failed: `data` is older. */
  readonly problem: string | undefined
  readonly place: Place
  /** What `--store` was, for commands to type; left out: the default. */
  readonly store?: string
  readonly range: StatisticsRange
  /** Now by the store's clock. */
  readonly now: number
  /** Of the body: what lies between the head and the last two lines. */
  readonly size: Size
  readonly look: Look
}

export interface ViewProps<Data> extends ScreenInput<Data> {
  /** As the app windows them: see `windowOf`. By pane. */
  readonly windows: Readonly<Record<string, ListWindow>>
}

/** A report without what the app knows of every one: where the store is, and when it is made. */
export type IncidentAbout = Omit<Incident, 'store' | 'environment' | 'now'>

/** The part of a list that is on the screen. */
export interface ListWindow {
  readonly rows: readonly Row[]
  /** Number of the first of them in the list. */
  readonly first: number
  /** Of the list. */
  readonly count: number
  /** Line of the cursor in the window; -1 in an empty list. */
  readonly line: number
  /** Whether the pane has the keys. */
  readonly active: boolean
}

/** The request of a read: another request means another read, at once. */
export interface ReadRequest {
  /** By the store's clock; no part of what is asked for: a later one alone means no other read. */
  readonly now: number
  readonly subject?: string
  readonly filter: string
  readonly sort?: Sort
  readonly range: StatisticsRange
  /** How many rows the list needs: grows as the cursor nears its end. */
  readonly wanted: number
  /** The row the cursor is on; left out: the first, whichever it is. */
  readonly row?: string
  /** The same, also where it is the first one; left out while the list is empty. Of a screen with several lists, of the one that has the keys. */
  readonly current?: string
  readonly own: Place['own']
  /** What `--store` was, for commands to type; left out: the default. */
  readonly store?: string
}

export interface ScreenRead<Data> {
  /** Between two reads. */
  readonly everyMs: number
  /** It reads details of the row under the cursor, and so again when the cursor moves. */
  readonly followsCursor?: true
  /**
   * Identifies the subject of a read: as long as it stays the same, a read continues from the last one's result. Left
   * out: the whole request except the number of rows.
   */
  keyOf?(request: ReadRequest): string
  /**
   * Reads the place's data. `before`: the last result for the same place; left out after a change of subject, filter or
   * sort.
   */
  load(jobs: Jobs, request: ReadRequest, before: Data | undefined): Promise<Data>
  /** Whether the read stopped before it had enough: the next one follows at once. */
  isPartial?(data: Data): boolean
}

/**
 * A screen. `rows` and all it calls is pure and knows no React; `View` draws its props. Neither reads a store or a
 * clock, and neither keeps state.
 */
export interface Screen<Data = unknown> {
  readonly name: ScreenName
  readonly title: string
  /** Of at most 6 letters, for line 2 of a narrow terminal; left out: the title. */
  readonly short?: string
  /** Lists that can have the cursor, the first one at the begin; tab goes to the next. */
  readonly panes: readonly [string, ...string[]]
  /** Left out: the fleet's data suffice. */
  readonly read?: ScreenRead<Data>
  rows(input: ScreenInput<Data>, pane: string): readonly Row[]
  /** How many lines of a pane hold rows. */
  height(input: ScreenInput<Data>, pane: string): number
  /**
   * The row that the cursor of a pane is on until it is moved, and follows: of a run the step that it is in. Left out, or
   * undefined: the first one.
   */
  begins?(input: ScreenInput<Data>, pane: string): string | undefined
  /** The sort options, in the order of the picker; left out: the order is fixed. */
  readonly sorts?: readonly { readonly column: string; readonly title: string }[]
  /** The hint of the filter line; left out: the screen has no filter. */
  readonly filterHint?: string
  /** All matches, for actions, or why actions can't apply to them; left out: actions apply only to rows. */
  all?(input: ScreenInput<Data>): { readonly thing: Thing } | { readonly problem: string }
  /** What tab offers in the filter at the caret; left out: nothing. */
  complete?(input: ScreenInput<Data>, text: string, caret: number): FilterCompletion
  /** A number beside its name on line 2, as of failures; 0 shows none. */
  alarms?(fleet: FleetView): AlarmCount
  /**
   * Commands that the keymap gives only to this screen: each returns the new `own` of the place, from it and the row
   * under the cursor. Enter on a row that opens nothing is `fold`, if there is one.
   */
  readonly toggles?: Readonly<Record<string, Toggle<Data>>>
  /** The copies that `y` offers besides the id of a row. */
  copies?(input: ScreenInput<Data>, row: Row | undefined): readonly Copy[]
  /** The content of `o` in the pager: the whole content of the active pane, unfolded. */
  page?(
    input: ScreenInput<Data>,
    row: Row | undefined,
  ): { readonly name: string; readonly text: string } | undefined
  /** The subject of `Y`'s report. */
  incident?(input: ScreenInput<Data>, row: Row | undefined): IncidentAbout | undefined
  /** For `--json`. */
  json(input: ScreenInput<Data>): unknown
  View(props: ViewProps<Data>): ReactNode
}

/** As a method, so that a screen of some data is one of any. */
export type Toggle<Data> = {
  toggle(own: Place['own'], row: Row | undefined, input: ScreenInput<Data>): Place['own']
}['toggle']

/** By name; those that are not there have no digit and open nothing. */
export type Screens = Readonly<Partial<Record<ScreenName, Screen>>>
