/*
 * The user's position: a screen, its subject, and its view settings. Each visit of a screen is a place of its own, so
 * that going back restores cursor, filter and marks.
 */

/** Every screen there is; the first nine by their digits. */
export const screenNames = [
  'home',
  'runs',
  'queues',
  'workers',
  'cron',
  'limits',
  'failures',
  'events',
  'doctor',
  'run',
  'step',
] as const
export type ScreenName = (typeof screenNames)[number]

/** The destination of a key, a row or a finding. */
export interface Target {
  readonly screen: ScreenName
  /** For a screen about one subject: its id, such as a run's; for a step the run's id, a space and its path. */
  readonly subject?: string
  readonly filter?: string
  /** The row that the cursor begins on. */
  readonly row?: string
}

/** A related item of a row: a destination of J. */
export interface Jump {
  /** What it is, as `worker web-1`. */
  readonly label: string
  readonly target: Target
}

/**
 * The cursor's position in a pane. By id, so that rows that come and go don't move it; left out of a place: on the
 * first row, whichever that is.
 */
export interface Cursor {
  readonly id: string
  /** Its line in the window: new rows above it leave the window as it is. */
  readonly line: number
  /** Its number in the list when it was last there: a row that is gone is followed by the one in its place. */
  readonly index: number
}

export interface Sort {
  readonly column: string
  readonly descending: boolean
}

export interface Place {
  /** Unique in a session. */
  readonly id: number
  readonly screen: ScreenName
  readonly subject?: string
  /** The place it was opened from: where esc leads. */
  readonly parent?: number
  /** As typed; '' shows all. */
  readonly filter: string
  /** The filter that it was opened with: esc puts it back before it leaves. */
  readonly openedWith: string
  readonly sort?: Sort
  /** Name of the pane that has the keys; left out: the screen's first. */
  readonly pane?: string
  /** By pane. */
  readonly cursors: Readonly<Record<string, Cursor>>
  /** Ids of marked rows. */
  readonly marks: ReadonlySet<string>
  /** Actions apply to all matches of the filter, in the list or not. */
  readonly all: boolean
  /** A screen's own settings, such as a tab or a time scale. */
  readonly own: Readonly<Record<string, string | number | boolean>>
}
