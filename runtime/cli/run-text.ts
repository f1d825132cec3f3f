import { untilText } from '../describe/clock-time.ts'
import { agoToken } from '../describe/duration-token.ts'
import { formatDuration } from '../model/format-duration.ts'
import type { RunState } from '../model/run.ts'
import { paint } from './output.ts'
import type { Column } from './table.ts'

const colours: Partial<Record<RunState, Parameters<typeof paint>[0]>> = {
  running: 'cyan',
  completed: 'green',
  failed: 'red',
  blocked: 'red',
  cancelling: 'yellow',
  cancelled: 'yellow',
  expired: 'yellow',
}

export function paintState(text: string, state: RunState): string {
  return paint(colours[state], text)
}

/** The state of a row's run. */
export const stateColumn: Column<{ readonly state: RunState }> = {
  title: 'STATE',
  cell: ({ state }) => state,
  paint: (text, { state }) => paintState(text, state),
}

/** Returns how long ago `at` was, for a table. */
export function ago(at: number): string {
  return agoToken(at, Date.now())
}

/** Returns a time and how far away it is. */
export function time(at: number): string {
  const now = Date.now()
  const distance = at > now ? untilText(at, now) : `${formatDuration(Math.max(0, now - at))} ago`
  return `${new Date(at).toISOString()} (${distance})`
}
