import { Box } from 'ink'
import type { ReactElement } from 'react'
import { currentOf } from '../../app/list-window.ts'
import { DetailPane } from '../../kit/detail-pane.tsx'
import { emptySpans } from '../../kit/empty-list.tsx'
import { listLayout } from '../../kit/list-layout.ts'
import { ListPane } from '../../kit/list-pane.tsx'
import { span } from '../../kit/span.ts'
import type { ViewProps } from '../screen.ts'
import { queueColumns } from './columns.ts'
import { queueDetail, queueTitle } from './detail.ts'
import type { QueuesData } from './queues-data.ts'
import { queueRows } from './rows.ts'

const rangeNames = { '5m': '5 min', '1h': 'hour', '24h': '24 h' } as const

export function QueuesView(props: ViewProps<QueuesData>): ReactElement {
  const { size, look, place, windows, fleet, range } = props
  const { paneHeight, detailHeight } = listLayout(props)
  const list = windows.list
  const row = currentOf(queueRows(props), place, 'list')
  const cut = fleet.overview?.cut.includes('queues') ? ', not all of them' : ''
  const width = size.columns
  return (
    <Box flexDirection="column">
      <ListPane
        title="queues"
        note={span(`${list?.count ?? 0}${cut}   rate over the last ${rangeNames[range]} (t)`, 'dim')}
        columns={queueColumns(props)}
        window={list}
        height={paneHeight}
        empty={emptySpans({
          ...{ ...props, data: fleet.overview, what: 'queue' },
          next: 'the first enqueue makes one, and a worker makes the queues of its jobs known',
        })}
        {...{ place, look, width }}
      />
      <DetailPane
        title={row?.id ?? 'no queue'}
        note={row === undefined ? undefined : span(queueTitle(row, props), 'dim')}
        height={detailHeight}
        lines={row === undefined ? [] : queueDetail(row, props)}
        {...{ look, width }}
      />
    </Box>
  )
}
