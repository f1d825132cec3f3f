import { wrap } from '../../../runtime/cli/plain-text.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { hindranceSentence } from '../../../runtime/describe/hindrance.ts'
import { endStates, type RunState, runStates } from '../../../runtime/model/run.ts'
import { waitRow } from '../../../runtime/model/wait.ts'
import { backlogTrend } from '../../../runtime/store/backlog-trend.ts'
import { bar } from '../../kit/bar.ts'
import { fieldLine } from '../../kit/field-line.ts'
import { type Span, span } from '../../kit/span.ts'
import { sparkline } from '../../kit/sparkline.ts'
import { countToken, drainText } from '../../text/rate-text.ts'
import type { ViewProps } from '../screen.ts'
import { sparklineForm } from './columns.ts'
import type { QueuesData } from './queues-data.ts'
import { jobsOf, type QueueRow, startedSeries, type WaitCount, waitsOf } from './rows.ts'

/** The details of the queue under the cursor, the reason for waiting runs first. */
export function queueDetail(row: QueueRow, props: ViewProps<QueuesData>): readonly (readonly Span[])[] {
  return [
    ...heldLines(row, props),
    slotsLine(row, props),
    ...waitingLines(row, props),
    ...trendLines(row, props),
    ...jobLines(row, props),
  ]
}

function heldLines(
  { id, paused, held }: QueueRow,
  { now, size }: ViewProps<QueuesData>,
): readonly (readonly Span[])[] {
  const pause =
    paused === undefined
      ? []
      : [hindranceSentence({ kind: 'paused', ...paused }, { job: '', version: 0, queue: id }, now)]
  const sentences = held.map(({ of, why }) => hindranceSentence(why, of, now))
  const lines = [...new Set([...pause, ...sentences])].flatMap((sentence) => wrap(sentence, size.columns - 2))
  return lines.map((line) => [span(` ${line}`, 'warn')])
}

function slotsLine({ slots }: QueueRow, { look }: ViewProps<QueuesData>): readonly Span[] {
  const { taken, all, workers } = slots
  if (workers === 0) return fieldLine('slots', span('no worker serves it: durable-jobs work FILE', 'warn'))
  const of = workers === 1 ? '1 worker' : `${workers} workers`
  return fieldLine(
    'slots',
    span(bar(taken, all, { width: 16, glyphs: look.glyphs }), 'busy'),
    ` ${taken}/${all} of ${of}`,
  )
}

function waitingLines(
  { id, counts }: QueueRow,
  { data }: ViewProps<QueuesData>,
): readonly (readonly Span[])[] {
  const waiting = counts.waiting ?? 0
  const detail = data?.detail?.queue === id ? data.detail : undefined
  if (waiting === 0) return []
  if (detail === undefined) return [fieldLine('waiting', `${countToken(waiting)} `, span('reading', 'dim'))]
  const of = detail.isWhole ? '' : ` (of the ${detail.waiting.length} that have waited longest)`
  const parts = waitsOf(detail.waiting).map(waitText)
  return [fieldLine('waiting', parts.join(', '), span(of, 'dim'))]
}

function waitText({ kind, name, runs }: WaitCount): string {
  return waitRow(kind).count(runs, name)
}

function trendLines(
  row: QueueRow,
  { fleet, data, look, size, now }: ViewProps<QueuesData>,
): readonly (readonly Span[])[] {
  const backlog = fleet.overview?.statistics.backlogs.find(({ queue }) => queue === row.id)
  const trend = backlog === undefined ? '' : drainText(backlogTrend(backlog, fleet.overview?.now ?? now))
  const series = startedSeries(row.id, data)
  const width = Math.min(60, Math.max(10, size.columns - 30))
  const chart =
    series === undefined
      ? []
      : [
          fieldLine(
            'started',
            span(sparkline(series, { width, height: 1, form: sparklineForm(look) })[0] ?? '', 'busy'),
            ` ${countToken(series.reduce((sum, count) => sum + count, 0))} in an hour`,
          ),
        ]
  return [...chart, ...(trend === '' ? [] : [fieldLine('backlog', trend)])]
}

const shownStates = runStates.filter((state) => state !== 'completed')
const ended: ReadonlySet<RunState> = new Set(endStates)

function jobLines({ id }: QueueRow, { fleet }: ViewProps<QueuesData>): readonly (readonly Span[])[] {
  const { overview } = fleet
  if (overview === undefined) return []
  const jobs = jobsOf(id, overview).map((job) => {
    const counts = overview.counts.filter((one) => one.queue === id && one.job === job)
    return { job, counts, live: counts.filter(({ state }) => !ended.has(state)) }
  })
  const busiest = jobs.sort((a, b) => total(b.live) - total(a.live))
  return busiest.map(({ job, counts }, i) =>
    fieldLine(i === 0 ? 'jobs' : '', `${job}  `, span(statesText(counts), 'dim')),
  )
}

function total(counts: readonly { readonly count: number }[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0)
}

function statesText(counts: readonly { readonly state: RunState; readonly count: number }[]): string {
  const parts = shownStates.flatMap((state) => {
    const count = counts.find((one) => one.state === state)?.count ?? 0
    return count === 0 ? [] : [`${countToken(count)} ${state}`]
  })
  return parts.length === 0 ? 'nothing under way' : parts.join(', ')
}

/** What stands beside the title of the pane. */
export function queueTitle(
  { paused, oldestReadyMs }: QueueRow,
  { now }: Pick<ViewProps<QueuesData>, 'now'>,
): string {
  const parts = [
    paused === undefined ? '' : `paused for ${durationToken(now - paused.at)}`,
    oldestReadyMs === undefined ? '' : `oldest ready run ${durationToken(oldestReadyMs)}`,
  ]
  return parts.filter(Boolean).join(', ')
}
