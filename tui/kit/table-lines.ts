import { type Column, cellText, columnGap, fitCell, layoutTable } from '../../runtime/cli/table.ts'
import type { Place } from '../app/place.ts'
import type { ListWindow, Row } from '../screens/screen.ts'
import type { Look } from './look.ts'
import { fitSpans, type Span } from './span.ts'
import type { Tone } from './tone.ts'

/** A column of a list: a column of the command line's tables, with a tone. */
export interface TableColumn<R> extends Column<R> {
  readonly tone?: (row: R) => Tone
  /** What the sort picker calls it, or what is in it: gets the mark of the order. */
  readonly sort?: string | readonly string[]
}

export interface TableProps<R extends Row> {
  readonly columns: readonly TableColumn<R>[]
  readonly window: ListWindow
  readonly place: Place
  readonly look: Look
  readonly width: number
  /** Left out: the list has no title line. */
  readonly titled?: boolean
}

/** A title line and one line per row of the window: a margin with cursor and mark, then the columns that the width holds. */
export function tableLines<R extends Row>({
  columns,
  window,
  place,
  look,
  width,
  titled = true,
}: TableProps<R>): readonly (readonly Span[])[] {
  const rows = window.rows as readonly R[]
  const marked = columns.map((column) => ({ ...column, title: titleOf(column, place, look) }))
  const cellsOf = (column: TableColumn<R>): readonly string[] => rows.map((row) => cellText(column, row))
  const layout = layoutTable(marked, cellsOf, width - marginWidth)
  const line = (
    cell: (column: TableColumn<R>) => string,
    tone: (column: TableColumn<R>) => Tone,
  ): readonly Span[] =>
    layout.columns.flatMap((column, i): Span[] => {
      const { text, fill } = fitCell(cell(column), layout.widths[i] ?? 0)
      const gap = i === 0 ? '' : columnGap
      const painted = { text, tone: tone(column) }
      return column.align === 'right'
        ? [{ text: gap + fill }, painted]
        : [{ text: gap }, painted, { text: fill }]
    })
  const title = line(
    (column) => column.title,
    () => 'dim',
  )
  const lines = rows.map((row, i) => {
    const cells = line(
      (column) => cellText(column, row),
      (column) => column.tone?.(row) ?? 'plain',
    )
    const isCursor = i === window.line
    const shown = isCursor && window.active ? cells.map((one) => ({ ...one, inverse: true })) : cells
    return fitSpans(
      [...margin(isCursor, place.all || place.marks.has(row.id), window.active, look), ...shown],
      width,
    )
  })
  return titled ? [fitSpans([{ text: ' '.repeat(marginWidth) }, ...title], width), ...lines] : lines
}

const marginWidth = 2

function margin(isCursor: boolean, isMarked: boolean, active: boolean, { glyphs }: Look): readonly Span[] {
  const cursor = isCursor && active ? glyphs.cursor : ' '
  return [{ text: cursor, tone: 'key' }, isMarked ? { text: glyphs.mark, tone: 'key' } : { text: ' ' }]
}

function titleOf<R>({ title, sort }: TableColumn<R>, place: Place, { glyphs }: Look): string {
  if (sort === undefined || place.sort === undefined || ![sort].flat().includes(place.sort.column))
    return title
  return `${title} ${place.sort.descending ? glyphs.down : glyphs.up}`
}
