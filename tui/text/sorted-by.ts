import type { Sort } from '../app/place.ts'

type Value = number | string | undefined

/** By column, what a row is compared by; numbers sort from the largest, texts from A. */
export type SortValues<R> = Readonly<Record<string, (row: R) => Value>>

/**
 * Sorts rows by the chosen column; those without a value come last either way. The order stays as it is for equal values,
 * and where nothing was chosen.
 */
export function sortedBy<R>(rows: readonly R[], sort: Sort | undefined, values: SortValues<R>): readonly R[] {
  const value = sort === undefined ? undefined : values[sort.column]
  if (sort === undefined || value === undefined) return rows
  const sign = sort.descending ? 1 : -1
  return rows.toSorted((a, b) => {
    const [one, other] = [value(a), value(b)]
    if (one === undefined || other === undefined)
      return Number(one === undefined) - Number(other === undefined)
    return sign * compare(one, other)
  })
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return b - a
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
}
