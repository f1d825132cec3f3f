export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (i: number): number => sorted[i] ?? Number.NaN
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) }
}

/** Two cells of a table: the median, and the smallest to the largest value. */
export function shown(values: readonly number[], digits = 0): string {
  const { median, min, max } = spread(values)
  const text = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return values.length === 1 ? `${text(median)} |` : `${text(median)} | ${text(min)} to ${text(max)}`
}

/** Of each round by itself: in it both met the same machine. */
export function ratios(values: readonly number[], others: readonly number[]): number[] {
  return values.map((value, i) => value / (others[i] ?? Number.NaN))
}
