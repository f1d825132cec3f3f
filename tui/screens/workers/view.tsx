import { Box } from 'ink'
import type { ReactElement } from 'react'
import { slotsInUse } from '../../../runtime/store/slots-in-use.ts'
import { currentOf } from '../../app/list-window.ts'
import { DetailPane } from '../../kit/detail-pane.tsx'
import { emptySpans } from '../../kit/empty-list.tsx'
import { type ListLayout, listLayout } from '../../kit/list-layout.ts'
import { ListPane } from '../../kit/list-pane.tsx'
import { span } from '../../kit/span.ts'
import type { ScreenInput, ViewProps } from '../screen.ts'
import { workerColumns } from './columns.ts'
import { rolloutLines, workerDetail } from './detail.ts'
import { workerRows } from './rows.ts'
import type { WorkersData } from './workers-data.ts'

export function workersLayout(input: ScreenInput<WorkersData>): ListLayout {
  return listLayout(input, rolloutLines(input).length)
}

export function WorkersView(props: ViewProps<WorkersData>): ReactElement {
  const { size, look, place, windows, fleet } = props
  const { paneHeight, detailHeight } = workersLayout(props)
  const list = windows.list
  const row = currentOf(workerRows(props), place, 'list')
  const width = size.columns
  return (
    <Box flexDirection="column">
      <ListPane
        title="workers"
        note={span(noteText(props), 'dim')}
        above={rolloutLines(props)}
        columns={workerColumns(props)}
        window={list}
        height={paneHeight}
        empty={emptySpans({
          ...{ ...props, data: fleet.overview, what: 'live worker' },
          next: 'runs wait until one is started: durable-jobs work FILE',
        })}
        {...{ place, look, width }}
      />
      <DetailPane
        title={row?.id ?? 'no worker'}
        note={row === undefined ? undefined : span(row.state, 'dim')}
        height={detailHeight}
        lines={row === undefined ? [] : workerDetail(row, props)}
        {...{ look, width }}
      />
    </Box>
  )
}

function noteText({ fleet }: ViewProps<WorkersData>): string {
  const live = (fleet.overview?.workers ?? []).filter(({ lost }) => !lost)
  const slots = live.reduce((sum, { concurrency }) => sum + concurrency, 0)
  const cut = fleet.overview?.cut.includes('workers') ? ', not all of them' : ''
  return `${live.length} live${cut}   ${slotsInUse(live)} of ${slots} slots in use`
}
