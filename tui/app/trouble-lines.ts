import { inOneLine, wrap } from '../../runtime/cli/plain-text.ts'
import type { AppState } from './app-state.ts'

/** A lower terminal keeps its lines for the body. */
const leastRows = 16
const maxLines = 4

/**
 * Returns why the store can't be read, in separate lines above the message line. None if the message line holds it, or
 * the terminal is low: the remedy is at the message's end, which must not be cut.
 */
export function troubleLines({
  fleet: { connection },
  size,
}: Pick<AppState, 'fleet' | 'size'>): readonly string[] {
  if (!('message' in connection) || size.rows < leastRows) return []
  const lines = wrap(inOneLine(connection.message), size.columns)
  return lines.length === 1 ? [] : lines.slice(0, maxLines)
}
