import type { ListWindow, Row } from '../screens/screen.ts'
import type { Cursor, Place } from './place.ts'

/*
 * A list's cursor is an id and the line that it is drawn on. From those and the current rows follows the window: new
 * rows above don't move the rows on the screen, and if the cursor's row is gone, the cursor moves to the one that took
 * its number.
 */

/** The cursor of a pane; undefined: on the first row, whichever that is. `''` is the begin of a new place. */
export function cursorOf({ cursors }: Place, pane: string): Cursor | undefined {
  return cursors[pane] ?? cursors['']
}

/** Number of the row that the cursor is on; -1 in an empty list. */
export function cursorIndex(rows: readonly Row[], cursor: Cursor | undefined): number {
  if (rows.length === 0) return -1
  if (cursor === undefined) return 0
  const at = rows.findIndex(({ id }) => id === cursor.id)
  return at === -1 ? Math.min(cursor.index, rows.length - 1) : at
}

/** The row that the cursor of a pane is on, whether the pane is on the screen or not; undefined in an empty list. */
export function currentOf<R extends Row>(rows: readonly R[], place: Place, pane: string): R | undefined {
  return rows[cursorIndex(rows, cursorOf(place, pane))]
}

/** Returns the part of `rows` that a pane of `height` lines shows. */
export function windowOf(
  rows: readonly Row[],
  cursor: Cursor | undefined,
  height: number,
  active: boolean,
): ListWindow {
  const index = cursorIndex(rows, cursor)
  const first = firstOf(rows.length, index, cursor?.line ?? 0, height)
  return {
    rows: rows.slice(first, first + height),
    ...{ first, count: rows.length, line: index - first, active },
  }
}

/** The cursor `by` rows further; undefined for the first row, so that it stays the first. */
export function moved(
  rows: readonly Row[],
  cursor: Cursor | undefined,
  by: number,
  height: number,
): Cursor | undefined {
  const from = cursorIndex(rows, cursor)
  const index = Math.max(0, Math.min(rows.length - 1, from + by))
  const row = rows[index]
  if (row === undefined || index === 0) return undefined
  const line = from - firstOf(rows.length, from, cursor?.line ?? 0, height) + (index - from)
  return { id: row.id, index, line: index - firstOf(rows.length, index, line, height) }
}

/** Number of the row at the top of the window: such that the cursor is on its line, as far as the list reaches. */
function firstOf(count: number, index: number, line: number, height: number): number {
  const onLine = Math.max(0, Math.min(height - 1, line))
  return Math.max(0, Math.min(index - onLine, count - height))
}
