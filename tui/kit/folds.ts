import type { Place } from '../app/place.ts'
import type { Row } from '../screens/screen.ts'
import type { DocumentLine } from './document.ts'

/** Which lines of a place are not folded as they are at first: kept in its `own`, by the line's id. */

const prefix = 'fold '

/** Folds the line that the cursor is on, or unfolds it. */
export function toggleFold(own: Place['own'], row: Row | undefined): Place['own'] {
  if (row === undefined || (row as Partial<DocumentLine>).fold === undefined) return own
  const { [prefix + row.id]: toggled, ...others } = own
  return toggled === true ? others : { ...own, [prefix + row.id]: true }
}

/** Ids of the toggled lines that begin so, without that begin. */
export function toggledLines(own: Place['own'], begin: string): ReadonlySet<string> {
  const whole = prefix + begin
  return new Set(
    Object.keys(own)
      .filter((name) => name.startsWith(whole))
      .map((name) => name.slice(whole.length)),
  )
}
