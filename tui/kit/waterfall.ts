import { clip, oneLine, textWidth } from '../../runtime/cli/plain-text.ts'
import { durationToken } from '../../runtime/describe/duration-token.ts'
import type { StepPath } from '../../runtime/model/step-path.ts'
import { type Span, span } from './span.ts'
import { clockScale, compressedScale, type TimeScale } from './time-scale.ts'
import { chartAxis, chartRow, waterfallTones } from './waterfall-chart.ts'
import type { WaterfallGlyphs } from './waterfall-glyphs.ts'
import type { WaterfallMark, WaterfallModel, WaterfallRow } from './waterfall-model.ts'
import type { WaterfallSpanKind } from './waterfall-span.ts'

export interface WaterfallOptions {
  /** `compressed`: long waits are drawn short, with their true length above them. Default: clock. */
  readonly scale?: 'clock' | 'compressed'
  /** How many marks are listed below the rows, the newest. Default: 5. */
  readonly notes?: number
  /** Those of the model's rows that are to be laid out: of a long run the ones on the screen. Left out: all. */
  readonly rows?: readonly WaterfallRow[]
}

/** A line of text; together as wide as asked. */
export interface WaterfallLine {
  readonly kind: 'axis' | 'row' | 'note'
  /** Of a row: '' for the run. */
  readonly path?: StepPath
  readonly spans: readonly Span[]
}

/** Lays a waterfall out as lines of at most `width` columns: the axis, the rows, then the events besides the steps. */
export function layoutWaterfall(
  model: WaterfallModel,
  width: number,
  glyphs: WaterfallGlyphs,
  { scale: kind = 'clock', notes = 5, rows: shown = model.rows }: WaterfallOptions = {},
): WaterfallLine[] {
  const columns = columnsOf(model, width)
  const scale = kind === 'clock' ? clockScale(model, columns.chart) : compressed(model, columns.chart)
  const before = ' '.repeat(width - columns.chart)
  const axis = { kind: 'axis', spans: [span(before + chartAxis(model, scale, glyphs), 'dim')] } as const
  const rows = shown.map((row) => rowLine(row, columns, scale, glyphs))
  return [axis, ...rows, ...noteLines(model, width, glyphs, notes)]
}

const scales = new WeakMap<readonly WaterfallRow[], { readonly of: string; readonly scale: TimeScale }>()

/** Laid out anew once a second at most, for all the frames of the same rows. */
function compressed(model: WaterfallModel, width: number): TimeScale {
  const of = `${width} ${Math.floor(model.to / 1_000)}`
  const known = scales.get(model.rows)
  if (known?.of === of) return known.scale
  const scale = compressedOf(model, width)
  scales.set(model.rows, { of, scale })
  return scale
}

/** Tries keep their proportions, as users compare them. */
function compressedOf(model: WaterfallModel, width: number): TimeScale {
  const tries: readonly WaterfallSpanKind[] = ['done', 'retried', 'failed', 'open', 'broken']
  const busy = model.rows.flatMap(({ kind, spans }) =>
    kind === 'step' ? spans.filter((span) => tries.includes(span.kind)) : [],
  )
  return compressedScale(model, width, busy)
}

interface Columns {
  readonly label: number
  readonly tries: number
  readonly chart: number
}

const wideFrom = 44
const leastChart = 8
const tookWidth = 7

function columnsOf({ rows }: WaterfallModel, width: number): Columns {
  const wide = width >= wideFrom
  const wanted = Math.max(8, maxLabel(rows))
  const label = Math.min(wanted, Math.floor(width * (wide ? 0.3 : 0.4)))
  const tries = wide ? 4 : 0
  // The sign of the state, what it took, and spaces between them.
  const beside = 1 + 2 + tries + tookWidth + 1
  const chart = width - label - beside
  if (chart >= leastChart) return { label, tries, chart }
  return { label: Math.max(1, width - beside), tries, chart: 0 }
}

const maxLabels = new WeakMap<readonly WaterfallRow[], number>()

/** Measured once for all the frames of the same rows. */
function maxLabel(rows: readonly WaterfallRow[]): number {
  const known = maxLabels.get(rows)
  if (known !== undefined) return known
  const longest = rows.reduce((most, row) => Math.max(most, textWidth(labelOf(row))), 0)
  maxLabels.set(rows, longest)
  return longest
}

function labelOf({ label, depth, orphan }: WaterfallRow): string {
  return `${'  '.repeat(depth)}${oneLine(label)}${orphan === true ? ' (no longer in the code)' : ''}`
}

function rowLine(
  row: WaterfallRow,
  columns: Columns,
  scale: TimeScale,
  glyphs: WaterfallGlyphs,
): WaterfallLine {
  const state = stateOf(row)
  const sign = state === undefined ? ' ' : glyphs.state[state]
  const tries = row.kind === 'step' && row.tries > 1 ? `${row.tries}x` : ''
  const took = row.spans.length === 0 && row.kind !== 'run' ? '' : durationToken(row.tookMs)
  const spans = [
    span(`${padded(labelOf(row), columns.label, glyphs)} `, row.orphan === true ? 'dim' : 'plain'),
    span(`${sign} `, waterfallTones[state ?? 'empty']),
    span(`${columns.tries === 0 ? '' : tries.padStart(columns.tries)}${took.padStart(tookWidth)} `, 'plain'),
    ...chartRow(row, scale, glyphs),
  ]
  return { kind: 'row', path: row.path, spans }
}

/** How a step or the run ended, or its state; for a step that the run's end cut short, its last activity. */
function stateOf({ kind, end, spans }: WaterfallRow): WaterfallSpanKind | undefined {
  if (end !== undefined) return end
  const last = spans.at(-1)
  if (kind === 'step') return last?.kind
  if (last?.live !== true) return undefined
  return last.kind === 'steps' ? 'held' : last.kind
}

function noteLines(
  model: WaterfallModel,
  width: number,
  glyphs: WaterfallGlyphs,
  most: number,
): WaterfallLine[] {
  if (most === 0) return []
  const shown = model.marks.slice(-most)
  const left = model.marks.length - shown.length
  const texts = [
    ...(left === 0 ? [] : [`${left} earlier in the history`]),
    ...shown.map((mark) => noteText(mark, model, glyphs)),
  ]
  return texts.map((text) => ({ kind: 'note', spans: [span(padded(text, width, glyphs), 'dim')] }))
}

function noteText(
  { at, kind, sentence }: WaterfallMark,
  { from }: WaterfallModel,
  glyphs: WaterfallGlyphs,
): string {
  const distance = at === from ? '0' : durationToken(Math.max(0, at - from))
  return `${glyphs.mark[kind]} at ${distance}: ${oneLine(sentence)}`
}

/** A text in just as many columns. */
function padded(text: string, width: number, { ellipsis }: WaterfallGlyphs): string {
  const clipped = textWidth(text) <= width ? text : clip(text, width).replace(/…$/, ellipsis)
  return clipped + ' '.repeat(Math.max(0, width - textWidth(clipped)))
}
