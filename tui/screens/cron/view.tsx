import { Box } from 'ink'
import type { ReactElement } from 'react'
import { DetailPane } from '../../kit/detail-pane.tsx'
import { emptySpans } from '../../kit/empty-list.tsx'
import { ListPane } from '../../kit/list-pane.tsx'
import { span } from '../../kit/span.ts'
import type { ViewProps } from '../screen.ts'
import { ledgerColumns, scheduleColumns } from './columns.ts'
import type { CronData } from './cron-data.ts'
import { scheduleDetail } from './detail.ts'
import { cronLayout } from './layout.ts'
import { currentSchedule, type ScheduleRow } from './rows.ts'

export function CronView(props: ViewProps<CronData>): ReactElement {
  const { size, look, place, windows, data } = props
  const { paneHeight, detailHeight, ticksWidth, ledgerWidth } = cronLayout(props)
  const row = currentSchedule(props)
  const list = windows.schedules
  return (
    <Box flexDirection="column">
      <ListPane
        title="schedules"
        note={span(`${list?.count ?? 0}   times here are of ${data?.zone ?? 'this host'}`, 'dim')}
        columns={scheduleColumns(props)}
        window={list}
        active={list?.active}
        width={size.columns}
        height={paneHeight}
        empty={emptySpans({
          ...{ ...props, what: 'schedule' },
          next: 'give a job the option schedule and start a worker with it, or create one with jobs.schedules.put',
        })}
        {...{ place, look }}
      />
      <Box flexDirection="row" height={detailHeight} columnGap={1}>
        {ticksWidth === 0 ? null : <Ticks {...props} row={row} width={ticksWidth} height={detailHeight} />}
        {ledgerWidth === 0 ? null : (
          <ListPane
            title={`ledger of ${row?.id ?? 'no schedule'}`}
            note={span('(tab)', 'key')}
            columns={ledgerColumns(props)}
            window={windows.ledger}
            active={windows.ledger?.active}
            width={ledgerWidth}
            height={detailHeight}
            empty={[span(row?.ledger === undefined ? ' reading' : ' no tick yet', 'dim')]}
            {...{ place, look }}
          />
        )}
      </Box>
    </Box>
  )
}

type TicksProps = ViewProps<CronData> & {
  readonly row: ScheduleRow | undefined
  readonly width: number
  readonly height: number
}

function Ticks({ row, width, height, ...props }: TicksProps): ReactElement | null {
  return (
    <DetailPane
      title={row?.id ?? 'no schedule'}
      note={span(props.size.columns === width ? 'tab: ledger' : '', 'dim')}
      lines={row === undefined ? [] : scheduleDetail(row, props)}
      look={props.look}
      {...{ width, height }}
    />
  )
}
