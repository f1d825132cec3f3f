import { Box } from 'ink'
import type { ReactElement, ReactNode } from 'react'
import { wrap } from '../../../runtime/cli/plain-text.ts'
import { clockTime } from '../../../runtime/describe/clock-time.ts'
import { byInSentence } from '../../../runtime/describe/manual-action.ts'
import type { Look } from '../../kit/look.ts'
import { Pane } from '../../kit/pane.tsx'
import { fitSpans, type Span, span } from '../../kit/span.ts'
import { Spans } from '../../kit/spans.tsx'
import { sparkline } from '../../kit/sparkline.ts'
import { Table } from '../../kit/table.tsx'
import { unreadText } from '../../kit/unread-text.ts'
import { rateToken } from '../../text/rate-text.ts'
import type { ViewProps } from '../screen.ts'
import { backlogLines, fleetLines, latencyLines, rateLines } from './chart-lines.ts'
import { findingColumns, queueColumns } from './columns.ts'
import { type HomeLayout, homeLayout } from './layout.ts'
import { backlogOf, type HomeData, ratesOf, type Series, statisticsOf } from './rates.ts'
import type { FindingRow } from './rows.ts'

export function HomeView(props: ViewProps<HomeData>): ReactElement {
  const layout = layoutOf(props)
  return (
    <Box flexDirection="column">
      <Charts {...props} />
      {layout.middleHeight === 0 ? null : (
        <Box flexDirection="row" height={layout.middleHeight}>
          <Queues {...props} />
          <Box marginLeft={1}>
            <FleetPane {...props} />
          </Box>
        </Box>
      )}
      <Attention {...props} />
    </Box>
  )
}

function layoutOf({ size, fleet }: Pick<ViewProps<HomeData>, 'size' | 'fleet'>): HomeLayout {
  return homeLayout(size, fleet.overview?.queues.length ?? 0)
}

function Charts(props: ViewProps<HomeData>): ReactElement {
  const { chartWidths, chartHeight } = layoutOf(props)
  const { series, ...rates } = ratesOf(props)
  const [first, second, third] = chartWidths
  const backlog = backlogOf(statisticsOf(props))
  const rate = (perSecond: number): string => (props.fleet.overview === undefined ? '' : rateToken(perSecond))
  const failed = span(rate(rates.failed), rates.failed > 0 ? 'bad' : 'dim')
  return (
    <Box flexDirection="row" height={chartHeight} columnGap={1}>
      <Chart
        {...{ ...props, title: 'started', width: first, series: series.started, lines: rateLines(props) }}
        note={span(rate(rates.started), 'dim')}
      />
      <Chart
        {...{ ...props, title: 'failed', width: second, series: series.failed, lines: latencyLines(props) }}
        note={failed}
      />
      <Chart
        {...{ ...props, title: 'backlog', width: third, series: series.backlog, lines: backlogLines(props) }}
        note={span(backlog === undefined ? '' : backlog.now.toLocaleString('en'), 'dim')}
      />
    </Box>
  )
}

type ChartProps = ViewProps<HomeData> & {
  readonly title: string
  /** The number of now. */
  readonly note: Span
  readonly width: number
  readonly series: Series
  /** Numbers below the chart. */
  readonly lines: readonly (readonly Span[])[]
}

function Chart({ title, note, width, series, lines, look, ...props }: ChartProps): ReactElement {
  const { chartHeight, sparkRows } = layoutOf(props)
  const form = look.ascii ? 'ascii' : 'block'
  const drawn = sparkRows === 0 ? [] : sparkline(series, { width, height: sparkRows, form })
  return (
    <Pane title={title} note={note} width={width} height={chartHeight} look={look}>
      <Lines lines={drawn.map((line) => [span(line, 'busy')])} width={width} />
      <Lines lines={lines} width={width} />
    </Pane>
  )
}

function Queues(props: ViewProps<HomeData>): ReactElement {
  const { queueWidth, middleHeight } = layoutOf(props)
  const { look, place, windows, fleet } = props
  const list = windows.queues
  return (
    <Pane
      title="queues by oldest ready run"
      {...{ width: queueWidth, height: middleHeight, look }}
      active={list?.active}
    >
      {list === undefined || list.count === 0 ? (
        <Spans spans={[span(fleet.overview === undefined ? unreadText(fleet) : ' no live run', 'dim')]} />
      ) : (
        <Table
          columns={queueColumns(look)}
          window={list}
          width={queueWidth}
          titled={false}
          {...{ place, look }}
        />
      )}
    </Pane>
  )
}

function FleetPane(props: ViewProps<HomeData>): ReactElement {
  const { fleetWidth, middleHeight } = layoutOf(props)
  return (
    <Pane title="fleet" width={fleetWidth} height={middleHeight} look={props.look}>
      <Lines lines={fleetLines(props, fleetWidth)} width={fleetWidth} />
    </Pane>
  )
}

function Attention(props: ViewProps<HomeData>): ReactElement {
  const { attentionHeight, detailHeight } = layoutOf(props)
  const { look, place, windows, fleet, size, now } = props
  const list = windows.attention
  const isQuiet = fleet.findings.length === 0 && fleet.muted.length > 0 && !fleet.isLooking
  const below = list === undefined ? 0 : list.count - list.first - list.rows.length
  const more = below > 0 ? span(`${below} more below`, 'dim') : undefined
  return (
    <Pane
      title="needs attention"
      note={isQuiet ? span('only muted findings', 'good') : more}
      {...{ width: size.columns, height: attentionHeight, look }}
      active={list?.active}
    >
      {list === undefined || list.count === 0 ? (
        <Spans spans={quietSpans(props)} />
      ) : (
        <Table
          columns={findingColumns(look, now)}
          window={list}
          width={size.columns}
          titled={false}
          {...{ place, look }}
        />
      )}
      {detailHeight === 0 ? null : <Detail {...props} />}
    </Pane>
  )
}

function quietSpans({ fleet, look }: ViewProps<HomeData>): readonly Span[] {
  if (fleet.overview === undefined) return [span(unreadText(fleet), 'dim')]
  if (fleet.isLooking) return [span(' checking what needs attention', 'dim')]
  return [span(` ${look.glyphs.fine} nothing needs attention`, 'good')]
}

/** The finding under the cursor in whole sentences, at the bottom of the pane. */
function Detail({ windows, size, fleet, now, look }: ViewProps<HomeData>): ReactNode {
  const { attentionHeight } = layoutOf({ size, fleet })
  const list = windows.attention
  const row = list?.rows[list.line] as FindingRow | undefined
  if (list === undefined || row === undefined) return null
  const { sentence, nearby, muted } = row.finding
  const text = [
    ...(muted === undefined ? [] : [`Muted until ${clockTime(muted.until, now)} by ${byInSentence(muted)}.`]),
    nearby === undefined ? sentence : `${sentence} (${nearby})`,
  ].join(' ')
  // Less the rule: what a short list leaves free is for whole sentences.
  const lines = cut(wrap(text, size.columns - 4), attentionHeight - 1 - list.rows.length, look)
  return <Lines lines={lines.map((line) => [span(`    ${line}`, 'dim')])} width={size.columns} />
}

/** The first lines, the last of them with a sign of what is left out. */
function cut(lines: readonly string[], height: number, { glyphs }: Look): readonly string[] {
  if (lines.length <= height) return lines
  return lines.slice(0, height).map((line, i) => (i === height - 1 ? `${line} ${glyphs.ellipsis}` : line))
}

function Lines({
  lines,
  width,
}: {
  readonly lines: readonly (readonly Span[])[]
  readonly width: number
}): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its place
  return lines.map((spans, i) => <Spans key={i} spans={fitSpans(spans, width)} />)
}
