import { Box } from 'ink'
import type { ReactElement } from 'react'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { EmptyList } from '../../kit/empty-list.tsx'
import { Pane } from '../../kit/pane.tsx'
import { stateText, stateTone } from '../../kit/run-state.ts'
import { span } from '../../kit/span.ts'
import { Spans } from '../../kit/spans.tsx'
import { Table } from '../../kit/table.tsx'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { ScreenInput, ViewProps } from '../screen.ts'
import { previewLines } from './preview.ts'
import { listText, positionText, type RunRow, runsInStore, shortRunId } from './rows.ts'
import type { RunsData } from './runs-data.ts'

/** From here on a run's own pane, with its whole id, stands beside the list. */
const wideColumns = 120
/** Below the list of a narrower terminal: a rule, and the lines that say why the run is where it is. */
const previewRows = 6
const leastList = 8
/** From here on the list has room for whole ids too. */
const wholeIdColumns = 200

export function runsLayout({ size }: Pick<ScreenInput<RunsData>, 'size'>): {
  readonly listWidth: number
  /** Of the pane beside the list, or below it. */
  readonly previewWidth: number
  /** 0: there is no room for it. */
  readonly previewHeight: number
  readonly paneHeight: number
  readonly listHeight: number
} {
  const isWide = size.columns >= wideColumns
  const previewWidth = isWide ? Math.floor(size.columns * 0.36) : size.columns
  const below = size.rows >= previewRows + leastList ? previewRows : 0
  const paneHeight = isWide ? size.rows : size.rows - below
  return {
    listWidth: isWide ? size.columns - previewWidth - 1 : size.columns,
    previewWidth,
    previewHeight: isWide ? size.rows : below,
    paneHeight,
    // Less the rule of the pane and the title line of the table.
    listHeight: paneHeight - 2,
  }
}

function columns({ size, look, now }: ViewProps<RunsData>): readonly TableColumn<RunRow>[] {
  const { ellipsis } = look.glyphs
  const isWide = size.columns >= wholeIdColumns
  return [
    { title: 'ID', cell: ({ id }) => (isWide ? id : shortRunId(id, ellipsis)), usual: 10 },
    { title: 'JOB', cell: ({ run }) => run.job, usual: 12, shrinks: true, least: 12 },
    { title: 'STATE', cell: ({ run }) => stateText(run, look), tone: ({ run }) => stateTone(run), usual: 11 },
    {
      title: 'FOR',
      cell: ({ run }) => durationToken(now - run.changedAt),
      ...{ align: 'right', usual: 6, sort: 'in state' },
    },
    { title: 'QUEUE', cell: ({ run }) => run.queue, usual: 8, drops: 5, shrinks: true },
    { title: 'TRY', cell: ({ run }) => run.attempt, align: 'right', drops: 4, usual: 3 },
    {
      title: 'ENQUEUED',
      cell: ({ run }) => durationToken(now - run.enqueuedAt),
      ...{ align: 'right', drops: 3, sort: 'enqueued' },
    },
    { title: 'TAGS', cell: ({ run }) => run.tags.join(' '), drops: 1, shrinks: true, least: 6 },
    { title: 'SITUATION', cell: ({ situation }) => situation, shrinks: true, least: 20 },
  ]
}

export function RunsView(props: ViewProps<RunsData>): ReactElement {
  const { size } = props
  const { listWidth, previewWidth, previewHeight, paneHeight } = runsLayout(props)
  return (
    <Box
      flexDirection={listWidth < size.columns ? 'row' : 'column'}
      columnGap={1}
      width={size.columns}
      height={size.rows}
    >
      <RunList {...props} width={listWidth} height={paneHeight} />
      {previewHeight === 0 ? null : <Preview {...props} width={previewWidth} height={previewHeight} />}
    </Box>
  )
}

type PaneProps = ViewProps<RunsData> & { readonly width: number; readonly height: number }

function RunList(props: PaneProps): ReactElement {
  const { data, look, place, windows, width, height, fleet } = props
  const list = windows.list
  const position = data === undefined || list === undefined ? 'reading' : positionText(data, list)
  const unfiltered = runsInStore(fleet)
  // Of what was asked for before, or of a search that goes on, no rows say nothing about the filter.
  const isKnown = data !== undefined && data.filter === place.filter && !data.isPartial
  return (
    <Pane
      title={listText(props)}
      note={place.all ? span(`all that match are chosen (esc)  ${position}`, 'warn') : span(position, 'dim')}
      {...{ width, height, look }}
    >
      {data !== undefined && data.unknown.length > 0 ? (
        <Spans spans={[span(` ${data.unknown.join('; ')}`, 'bad')]} />
      ) : list === undefined || list.count === 0 ? (
        <EmptyList
          {...props}
          data={isKnown ? data : undefined}
          what="run"
          {...(unfiltered === undefined ? {} : { unfiltered })}
        />
      ) : (
        <Table columns={columns(props)} window={list} place={place} look={look} width={width} />
      )}
    </Pane>
  )
}

function Preview(props: PaneProps): ReactElement {
  const { look, windows, width, height, now } = props
  const row = windows.list?.rows[windows.list.line] as RunRow | undefined
  return (
    <Pane title={row?.id ?? 'no run'} {...{ width, height, look }}>
      {row === undefined
        ? null
        : previewLines(row, { now, width, look }).map((spans, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its place
            <Spans key={i} spans={spans} />
          ))}
    </Pane>
  )
}
