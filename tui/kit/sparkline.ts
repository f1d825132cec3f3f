/** `braille` has two columns and four levels in a cell, `block` one and eight, `ascii` one and four. */
export type SparklineForm = 'braille' | 'block' | 'ascii'

export interface SparklineSize {
  /** In cells. */
  readonly width: number
  /** In lines, from 1 to 4. */
  readonly height: number
  readonly form: SparklineForm
  /** The value of a full column; left out: the largest of the values. */
  readonly max?: number
}

/** A value of a chart; undefined: not known, which is drawn as nothing and not as zero. */
export type ChartValue = number | undefined

/**
 * Draws values, oldest first, over the whole width, and returns the lines from the top. With more values than columns a
 * column shows the largest of its values, so that no peak is lost. Zero is a line at the bottom, and any positive value
 * is above that line.
 */
export function sparkline(
  values: readonly ChartValue[],
  { width, height, form, max }: SparklineSize,
): string[] {
  const { columns, levels, cell } = forms[form]
  const shown = resample(values.map(known), width * columns)
  const top = max ?? Math.max(0, ...shown.filter((value) => value !== undefined))
  const heights = shown.map((value) => (value === undefined ? 0 : levelOf(value, top, levels * height)))
  return Array.from({ length: height }, (_, line) => {
    const below = (height - 1 - line) * levels
    const inCell = (column: number): number => clamp((heights[column] ?? 0) - below, 0, levels)
    return Array.from({ length: width }, (_, x) => cell(inCell(x * columns), inCell(x * columns + 1))).join(
      '',
    )
  })
}

function known(value: ChartValue): ChartValue {
  return value === undefined || !Number.isFinite(value) ? undefined : Math.max(0, value)
}

function resample(values: readonly ChartValue[], columns: number): ChartValue[] {
  if (values.length === 0) return Array.from({ length: columns }, () => undefined)
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns)
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns))
    return largest(values.slice(from, to))
  })
}

function largest(values: readonly ChartValue[]): ChartValue {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** Level 1 is zero's. */
function levelOf(value: number, top: number, levels: number): number {
  if (value === 0 || top <= 0) return 1
  return clamp(Math.round(1 + (value / top) * (levels - 1)), 2, levels)
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

interface Form {
  readonly columns: 1 | 2
  readonly levels: number
  readonly cell: (left: number, right: number) => string
}

/** Bits of the braille dots of a column, from its foot up. */
const leftDots = [0, 0x40, 0x44, 0x46, 0x47]
const rightDots = [0, 0x80, 0xa0, 0xb0, 0xb8]

const forms: Readonly<Record<SparklineForm, Form>> = {
  braille: {
    columns: 2,
    levels: 4,
    cell: (left, right) => {
      const dots = (leftDots[left] ?? 0) | (rightDots[right] ?? 0)
      return dots === 0 ? ' ' : String.fromCodePoint(0x2800 + dots)
    },
  },
  block: { columns: 1, levels: 8, cell: (level) => ' ▁▂▃▄▅▆▇█'.charAt(level) },
  ascii: { columns: 1, levels: 4, cell: (level) => ' _.:|'.charAt(level) },
}
