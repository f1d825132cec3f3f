import type { Span } from '../../kit/span.ts'
import { span } from '../../kit/span.ts'
import { layoutWaterfall, type WaterfallLine } from '../../kit/waterfall.ts'
import { waterfallGlyphs } from '../../kit/waterfall-glyphs.ts'
import { advanceRows, type WaterfallModel } from '../../kit/waterfall-model.ts'
import type { ListWindow, ViewProps } from '../screen.ts'
import type { KnownRun, RunData } from './run-data.ts'
import { modelOf, type StepRow } from './step-rows.ts'

const marginWidth = 4

/** The axis, the rows of the window with the cursor, and so many of what happened last beside the steps. */
export function waterfallLines(
  data: KnownRun,
  { now, place, size, look, fleet }: ViewProps<RunData>,
  window: ListWindow,
  noteLines: number,
): readonly (readonly Span[])[] {
  const base = modelOf(data, fleet.aheadMs)
  const shown = window.rows as readonly StepRow[]
  const grows = base.live && now > base.to
  const model: WaterfallModel = grows ? { ...base, to: now } : base
  const steps = shown.map(({ step }) => step)
  const lines = layoutWaterfall(
    model,
    size.columns - marginWidth,
    waterfallGlyphs[look.ascii ? 'ascii' : 'unicode'],
    {
      scale: place.own.compressed === true ? 'compressed' : 'clock',
      notes: noteLines,
      rows: grows ? advanceRows(steps, now) : steps,
    },
  )
  const notes = lines.filter(({ kind }) => kind === 'note').slice(-noteLines)
  const axis = lines.filter(({ kind }) => kind === 'axis')
  const rows = lines.filter(({ kind }) => kind === 'row')
  return [
    ...axis.map(indented),
    ...rows.map(({ spans }, i) =>
      rowLine(spans, shown[i], window.active && i === window.line, look.glyphs.cursor),
    ),
    ...(noteLines === 0 ? [] : notes.map(indented)),
  ]
}

function indented({ spans }: WaterfallLine): readonly Span[] {
  return [span(' '.repeat(marginWidth)), ...spans]
}

/** The cursor is on the name: bars in reverse would look like other ones. */
function rowLine(
  spans: readonly Span[],
  row: StepRow | undefined,
  isCursor: boolean,
  cursor: string,
): readonly Span[] {
  const fold = row?.fold === undefined ? ' ' : row.fold === 'folded' ? '+' : '-'
  const margin = [span(isCursor ? cursor : ' ', 'key'), span(` ${fold} `, 'key')]
  return [...margin, ...spans.map((one, i) => (isCursor && i === 0 ? { ...one, inverse: true } : one))]
}
