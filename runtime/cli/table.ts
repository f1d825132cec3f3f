import { clip, oneLine, textWidth } from './plain-text.ts'

/** A column of a table: its title and how a row's cell is made. */
export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string | number
  readonly align?: 'right'
  /** Colours the cell. */
  readonly paint?: (text: string, row: Row) => string
  /** The one column that gives way when the screen is narrow. Never one that holds an id. */
  readonly shrinks?: true
}

const gap = '  '
const narrowest = 16

/** Aligned lines with a title line first; `width` is the screen's, left out where lines may be of any length. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width?: number,
): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(String(column.cell(row)))))
  const widths = columns.map(({ title }, i) =>
    Math.max(textWidth(title), ...cells.map((line) => textWidth(line[i] ?? ''))),
  )
  if (width !== undefined) shrink(columns, widths, width)
  const pad = (text: string, i: number, paint: (text: string) => string = (plain) => plain): string => {
    const clipped = clip(text, widths[i] ?? 0)
    const fill = ' '.repeat((widths[i] ?? 0) - textWidth(clipped))
    return columns[i]?.align === 'right' ? fill + paint(clipped) : paint(clipped) + fill
  }
  const line = (texts: readonly string[]): string => texts.join(gap).trimEnd()
  const paintedRow = (texts: readonly string[], row: Row): string =>
    line(texts.map((text, i) => pad(text, i, (plain) => paintCell(columns[i], plain, row))))
  return [
    line(columns.map(({ title }, i) => pad(title, i))),
    ...rows.map((row, r) => paintedRow(cells[r] ?? [], row)),
  ].join('\n')
}

function paintCell<Row>(column: Column<Row> | undefined, text: string, row: Row): string {
  return text === '' || column?.paint === undefined ? text : column.paint(text, row)
}

function shrink<Row>(columns: readonly Column<Row>[], widths: number[], width: number): void {
  const over = widths.reduce((sum, own) => sum + own, gap.length * (widths.length - 1)) - width
  const i = columns.findIndex((column) => column.shrinks)
  const own = widths[i]
  if (own !== undefined && over > 0) widths[i] = Math.max(Math.min(own, narrowest), own - over)
}
