import { clipWords, oneLine, textWidth } from './plain-text.ts'

/** A column of a table: its title and how a row's cell is made. */
export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string | number
  readonly align?: 'right'
  /** Colours the cell. */
  readonly paint?: (text: string, row: Row) => string
  /** Gives way when the screen is narrow, the last such column first. Never one that holds an id. */
  readonly shrinks?: true
  /** What it holds at least then; left out: `narrowest`. */
  readonly least?: number
  /** Left out when the screen is too narrow even so, the lowest number first. */
  readonly drops?: number
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
  if (width !== undefined && !shrink(columns, widths, width)) {
    const dropped = firstToDrop(columns)
    if (dropped !== undefined)
      return formatTable(
        columns.filter((column) => column !== dropped),
        rows,
        width,
      )
  }
  const pad = (text: string, i: number, paint: (text: string) => string = (plain) => plain): string => {
    const clipped = clipWords(text, widths[i] ?? 0)
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

/** Answers whether it all fits now. */
function shrink<Row>(columns: readonly Column<Row>[], widths: number[], width: number): boolean {
  let over = widths.reduce((sum, own) => sum + own, gap.length * (widths.length - 1)) - width
  for (let i = columns.length - 1; i >= 0 && over > 0; i--) {
    const own = widths[i] ?? 0
    if (!columns[i]?.shrinks) continue
    const shrunk = Math.max(Math.min(own, columns[i]?.least ?? narrowest), own - over)
    over -= own - shrunk
    widths[i] = shrunk
  }
  return over <= 0
}

function firstToDrop<Row>(columns: readonly Column<Row>[]): Column<Row> | undefined {
  return columns
    .filter(({ drops }) => drops !== undefined)
    .sort((a, b) => (a.drops ?? 0) - (b.drops ?? 0))
    .at(0)
}
