import { shortDuration } from '../../runtime/model/short-duration.ts'
import type { Span } from './span.ts'
import { columnAt, type Interval, type Stretch, type TimeScale, ticks } from './time-scale.ts'
import type { Tone } from './tone.ts'
import type { WaterfallGlyphs } from './waterfall-glyphs.ts'
import type { WaterfallMark, WaterfallRow } from './waterfall-model.ts'
import type { WaterfallSpan, WaterfallSpanKind } from './waterfall-span.ts'

/** What a cell shows. */
type CellKind = WaterfallSpanKind | 'empty' | 'mark'

interface Cell {
  readonly text: string
  readonly kind: CellKind
}

export const waterfallTones: Readonly<Record<CellKind, Tone>> = {
  empty: 'plain',
  done: 'good',
  retried: 'warn',
  failed: 'bad',
  open: 'busy',
  broken: 'bad',
  sleep: 'dim',
  pause: 'dim',
  limit: 'warn',
  'held up': 'warn',
  queued: 'info',
  held: 'dim',
  blocked: 'bad',
  steps: 'dim',
  mark: 'bad',
}

/** What shares a cell with another span shows over it when it is later in this list. */
const paintOrder: readonly WaterfallSpanKind[] = [
  ...(['steps', 'queued', 'held', 'blocked'] as const),
  ...(['sleep', 'pause', 'limit', 'held up'] as const),
  ...(['done', 'broken', 'retried', 'failed', 'open'] as const),
]

/** Draws a row's spans and marks on the scale. A span has at least one cell. */
export function chartRow(row: WaterfallRow, scale: TimeScale, glyphs: WaterfallGlyphs): Span[] {
  const cells = Array.from({ length: scale.width }, (): Cell => ({ text: ' ', kind: 'empty' }))
  for (const kind of paintOrder) {
    for (const span of row.spans) if (span.kind === kind) paintSpan(cells, span, scale, glyphs)
  }
  for (const stretch of scale.stretches) if (stretch.shrunk) paintCut(cells, stretch, glyphs)
  for (const mark of row.marks) paintMark(cells, mark, scale, glyphs)
  return joinCells(cells)
}

function paintSpan(cells: Cell[], span: WaterfallSpan, scale: TimeScale, glyphs: WaterfallGlyphs): void {
  const first = Math.min(scale.width - 1, Math.floor(columnAt(scale, span.from)))
  const end = Math.max(first + 1, Math.ceil(columnAt(scale, span.to)))
  for (let x = first; x < Math.min(end, scale.width); x++) {
    cells[x] = { text: glyphs.span[span.kind], kind: span.kind }
  }
  if (span.kind === 'open') cells[Math.min(end, scale.width) - 1] = { text: glyphs.tip, kind: 'open' }
}

/** Two signs in the middle of what is shrunk, where a span is. */
function paintCut(cells: Cell[], { x0, x1 }: Stretch, glyphs: WaterfallGlyphs): void {
  const middle = Math.floor((x0 + x1) / 2)
  for (const x of [middle - 1, middle]) {
    const cell = cells[x]
    if (cell !== undefined && cell.kind !== 'empty') cells[x] = { ...cell, text: glyphs.cut }
  }
}

function paintMark(
  cells: Cell[],
  { at, kind }: WaterfallMark,
  scale: TimeScale,
  glyphs: WaterfallGlyphs,
): void {
  const x = Math.min(scale.width - 1, Math.floor(columnAt(scale, at)))
  if (x >= 0) cells[x] = { text: glyphs.mark[kind], kind: 'mark' }
}

function joinCells(cells: readonly Cell[]): Span[] {
  const joined: Span[] = []
  for (const { text, kind } of cells) {
    const tone = waterfallTones[kind]
    const last = joined.at(-1)
    if (last?.tone === tone) joined[joined.length - 1] = { text: last.text + text, tone }
    else joined.push({ text, tone })
  }
  return joined
}

const tickGap = 10

/** The line above the rows: how far from the begin, and how long what is shrunk really was. */
export function chartAxis(whole: Interval, scale: TimeScale, glyphs: WaterfallGlyphs): string {
  const cells = Array.from({ length: scale.width }, () => ' ')
  if (scale.stretches.every(({ shrunk }) => !shrunk)) {
    for (const ms of ticks(whole, scale.width, tickGap)) {
      write(cells, Math.floor(columnAt(scale, whole.from + ms)), distanceText(ms))
    }
    return cells.join('')
  }
  for (const stretch of scale.stretches) {
    if (stretch.shrunk) writeLength(cells, stretch, glyphs)
    else writeBegin(cells, stretch, whole.from)
  }
  return cells.join('')
}

/** In the middle of what is shrunk, between two signs where there is room for them. */
function writeLength(cells: string[], { from, to, x0, x1 }: Stretch, { cut }: WaterfallGlyphs): void {
  const length = shortDuration(to - from)
  const room = Math.round(x1 - x0)
  const text = length.length + 2 <= room ? `${cut}${length}${cut}` : length
  write(cells, Math.round(x0) + Math.max(0, Math.floor((room - text.length) / 2)), text)
}

function writeBegin(cells: string[], { from, x0, x1 }: Stretch, begin: number): void {
  const text = distanceText(from - begin)
  if (text.length <= Math.floor(x1) - Math.ceil(x0)) write(cells, Math.ceil(x0), text)
}

function distanceText(ms: number): string {
  return ms === 0 ? '0' : shortDuration(ms)
}

function write(cells: string[], x: number, text: string): void {
  if (x < 0 || x + text.length > cells.length) return
  for (const [i, sign] of [...text].entries()) cells[x + i] = sign
}
