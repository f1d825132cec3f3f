import { Box } from 'ink'
import type { ReactElement } from 'react'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { failureText, shortFingerprint, triesIn } from '../../../runtime/describe/failure-text.ts'
import { currentOf } from '../../app/list-window.ts'
import { DetailPane } from '../../kit/detail-pane.tsx'
import { emptySpans } from '../../kit/empty-list.tsx'
import { listLayout } from '../../kit/list-layout.ts'
import { ListPane } from '../../kit/list-pane.tsx'
import { type Span, span } from '../../kit/span.ts'
import { sparkline } from '../../kit/sparkline.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { ViewProps } from '../screen.ts'
import { failureDetail } from './detail.ts'
import type { FailuresData } from './failures-data.ts'
import { type FailureRow, failedNowText, failureRows } from './rows.ts'

function columns({ size, look, now }: ViewProps<FailuresData>): readonly TableColumn<FailureRow>[] {
  const isWide = size.columns >= 100
  const trendWidth = size.columns >= 140 ? 30 : 10
  const form = look.ascii ? 'ascii' : 'block'
  const count = (n: number): string => n.toLocaleString('en')
  return [
    {
      title: 'NOW',
      cell: ({ group }) =>
        group.failedNow === 0 ? '' : `${look.glyphs.states.failed} ${count(group.failedNow)}`,
      ...{ align: 'right', usual: 5, tone: () => 'bad' },
    },
    {
      title: 'NEW',
      cell: ({ newSince }) => (newSince ? `! v${newSince.version}` : ''),
      tone: () => 'warn',
      usual: 4,
      drops: 5,
    },
    { title: 'RUNS', cell: ({ group }) => count(group.runs), align: 'right', usual: 4, drops: 3 },
    {
      title: 'TRIES',
      cell: ({ group }) => count(group.tries),
      align: 'right',
      usual: 5,
      drops: 4,
      sort: 'tries',
    },
    { title: '5m', cell: ({ group }) => count(triesIn(group, 5)), align: 'right', usual: 3, drops: 2 },
    ...(isWide
      ? [
          {
            title: '1h',
            cell: ({ group }: FailureRow) => count(triesIn(group, 60)),
            align: 'right',
            usual: 4,
            drops: 1,
          } as const,
        ]
      : []),
    {
      title: 'LAST HOUR',
      cell: ({ group }) => trendOf(group.perMinute, trendWidth, form),
      ...{ tone: () => 'warn', usual: trendWidth, drops: 6 },
    },
    ...(isWide
      ? [
          {
            title: 'FIRST',
            cell: ({ group }: FailureRow) => durationToken(now - group.firstAt),
            align: 'right',
            usual: 6,
            drops: 0,
            sort: 'first',
          } as const,
          {
            title: 'VERSIONS',
            cell: ({ group }: FailureRow) => group.versions.map((version) => `v${version}`).join(' '),
            drops: 0,
          } as const,
          { title: 'FAILURE', cell: ({ id }: FailureRow) => shortFingerprint(id), drops: 0 } as const,
        ]
      : []),
    {
      title: 'LAST',
      cell: ({ group }) => durationToken(now - group.lastAt),
      align: 'right',
      usual: 6,
      sort: 'last',
    },
    { title: 'JOB', cell: ({ group }) => group.job, shrinks: true, least: 8 },
    { title: 'STEP', cell: ({ group }) => group.step, shrinks: true, least: 6, drops: 3 },
    { title: 'ERROR', cell: ({ group }) => failureText(group), shrinks: true, least: isWide ? 36 : 26 },
  ]
}

function trendOf(perMinute: readonly number[], width: number, form: 'ascii' | 'block'): string {
  const [line = ''] = sparkline(perMinute, { width, height: 1, form })
  return line
}

export function FailuresView(props: ViewProps<FailuresData>): ReactElement {
  const { size, look, place, windows, now, store } = props
  const { paneHeight, detailHeight } = listLayout(props)
  const current = currentOf(failureRows(props), place, 'list')
  const width = size.columns
  return (
    <Box flexDirection="column">
      <ListPane
        title="failures"
        note={noteOf(props)}
        columns={columns(props)}
        window={windows.list}
        height={paneHeight}
        empty={emptyOf(props)}
        {...{ place, look, width }}
      />
      <DetailPane
        title={current?.id ?? 'no failure'}
        height={detailHeight}
        lines={current === undefined ? [] : failureDetail(current, { now, width, look, store })}
        {...{ look, width }}
      />
    </Box>
  )
}

function emptyOf(props: ViewProps<FailuresData>): readonly Span[] {
  const { data } = props
  if (data !== undefined && data.unknown.length > 0) return [span(` ${data.unknown.join('; ')}`, 'bad')]
  return emptySpans({
    ...{ ...props, what: 'failure' },
    next: 'no failure stored yet; failures appear here, grouped by cause',
    ...(data === undefined ? {} : { unfiltered: data.groups.length }),
  })
}

const orderText = { latest: 'seen last first', most: 'most tries first', newest: 'newest first' } as const

function noteOf(props: ViewProps<FailuresData>): Span {
  const { data, place } = props
  if (data === undefined) return span('reading', 'dim')
  const filter = place.filter === '' ? '' : `${place.filter}  `
  const cut = data.isCut ? '+' : ''
  return span(`${filter}${failedNowText(failureRows(props))}${cut}, ${orderText[data.order]}`, 'dim')
}
