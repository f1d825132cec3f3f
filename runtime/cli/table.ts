import { clipWords, oneLine, textWidth } from './plain-text.ts'

/** A column of a table: its title and how a row's cell is made. */
export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string | number
  readonly align?: 'right'
  /** Colours the cell. */
  readonly paint?: (text: string, row: Row) => string
  /** Shrinks when the screen is narrow, the last such column first. Never one with an id. */
  readonly shrinks?: true
  /** Its width before others are dropped: enough to distinguish rows. Left out: `narrowest`. */
  readonly least?: number
  /** Its width in most rows, so that columns keep their position on a screen whose rows change. */
  readonly usual?: number
  /** Dropped if the screen is still too narrow, the lowest number first. */
  readonly drops?: number
}

export const columnGap = '  '
const narrowest = 16

/** The columns that are left, and how wide each is. */
export interface TableLayout<Own> {
  readonly columns: readonly Own[]
  readonly widths: readonly number[]
}

/**
 * Lays columns out: shrinks them to their `least`, then drops columns, then shrinks the rest to `narrowest`. `width` is
 * the screen's, left out if lines may be of any length.
 * @param cells The texts of a column, as `cellText` makes them.
 */
export function layoutTable<Own extends Column<never>>(
  columns: readonly Own[],
  cells: (column: Own) => readonly string[],
  width?: number,
): TableLayout<Own> {
  const widths = columns.map((column) =>
    Math.max(textWidth(column.title), column.usual ?? 0, ...cells(column).map(textWidth)),
  )
  if (width === undefined || shrink(columns, widths, width, ({ least = narrowest }) => least))
    return { columns, widths }
  const dropped = firstToDrop(columns)
  if (dropped === undefined) {
    shrink(columns, widths, width, ({ least = narrowest }) => Math.min(least, narrowest))
    return { columns, widths }
  }
  return layoutTable(
    columns.filter((column) => column !== dropped),
    cells,
    width,
  )
}

export function cellText<Row>(column: Column<Row>, row: Row): string {
  return oneLine(String(column.cell(row)))
}

/** Returns a cell cut to its width, and the padding. */
export function fitCell(text: string, width: number): { readonly text: string; readonly fill: string } {
  const clipped = clipWords(text, width)
  return { text: clipped, fill: ' '.repeat(Math.max(0, width - textWidth(clipped))) }
}

/** Aligned lines with a title line first. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width?: number,
): string {
  const texts = new Map(columns.map((column) => [column, rows.map((row) => cellText(column, row))]))
  const cellsOf = (column: Column<Row>): readonly string[] => texts.get(column) ?? []
  const layout = layoutTable(columns, cellsOf, width)
  const line = (cell: (column: Column<Row>) => string, paint: Painter<Row>): string =>
    layout.columns
      .map((column, i) => {
        const { text, fill } = fitCell(cell(column), layout.widths[i] ?? 0)
        return column.align === 'right' ? fill + paint(text, column) : paint(text, column) + fill
      })
      .join(columnGap)
      .trimEnd()
  const titles = line(
    ({ title }) => title,
    (text) => text,
  )
  const lines = rows.map((row, r) =>
    line(
      (column) => cellsOf(column)[r] ?? '',
      (text, column) => (text === '' ? text : (column.paint?.(text, row) ?? text)),
    ),
  )
  return [titles, ...lines].join('\n')
}

type Painter<Row> = (text: string, column: Column<Row>) => string

/** Takes columns from the last one that shrinks first. Returns whether all fits now. */
function shrink(
  columns: readonly Column<never>[],
  widths: number[],
  width: number,
  leastOf: (column: Column<never>) => number,
): boolean {
  let over = widths.reduce((sum, own) => sum + own, columnGap.length * (widths.length - 1)) - width
  for (let i = columns.length - 1; i >= 0 && over > 0; i--) {
    const [own, column] = [widths[i] ?? 0, columns[i]]
    if (!column?.shrinks) continue
    const shrunk = Math.max(Math.min(own, leastOf(column)), own - over)
    over -= own - shrunk
    widths[i] = shrunk
  }
  return over <= 0
}

function firstToDrop<Own extends Column<never>>(columns: readonly Own[]): Own | undefined {
  return columns
    .filter(({ drops }) => drops !== undefined)
    .sort((a, b) => (a.drops ?? 0) - (b.drops ?? 0))
    .at(0)
}
