import type { SQLInputValue } from 'node:sqlite'

/** A condition and its values. */
export type ReadPart = readonly [where: string, ...values: SQLInputValue[]]

/**
 * Reads rows after a position, one part of them after the other until there are `most`. For a comparison of rows, such
 * as `(a, b) > (?, ?)`, SQLite seeks only by the first column: hence `a = ? AND b > ?`, then `a > ?`.
 */
export function readParts<Row>(
  parts: readonly ReadPart[],
  most: number,
  read: (where: string, values: readonly SQLInputValue[], most: number) => Row[],
): Row[] {
  const rows: Row[] = []
  for (const [where, ...values] of parts) {
    if (rows.length < most) rows.push(...read(where, values, most - rows.length))
  }
  return rows
}
