import { Box } from 'ink'
import type { ReactElement } from 'react'
import { DetailPane } from '../../kit/detail-pane.tsx'
import { emptySpans } from '../../kit/empty-list.tsx'
import { ListPane } from '../../kit/list-pane.tsx'
import { span } from '../../kit/span.ts'
import type { ViewProps } from '../screen.ts'
import { keyColumns, keyName, limiterColumns } from './columns.ts'
import { limiterDetail } from './detail.ts'
import { limitsLayout } from './layout.ts'
import type { LimitsData } from './limits-data.ts'
import { currentKey, currentLimiter } from './rows.ts'

export function LimitsView(props: ViewProps<LimitsData>): ReactElement {
  const { size, look, place, windows } = props
  const { paneHeight, isWide, keysWidth, keysHeight, textWidth, textHeight } = limitsLayout(props)
  const row = currentLimiter(props)
  const key = currentKey(props)
  const list = windows.limiters
  return (
    <Box flexDirection="column">
      <ListPane
        title="limiters"
        note={span(noteText(props), 'dim')}
        columns={limiterColumns(props)}
        window={list}
        active={list?.active}
        width={size.columns}
        height={paneHeight}
        empty={emptySpans({
          ...{ ...props, what: 'limiter' },
          next: 'workers make those of their code known; one that only a step names, when the step first runs',
        })}
        {...{ place, look }}
      />
      <Box flexDirection={isWide ? 'row' : 'column'} columnGap={1}>
        <ListPane
          title={`keys of ${row?.id ?? 'no limiter'}`}
          note={span('(tab)', 'key')}
          columns={keyColumns(props)}
          window={windows.keys}
          active={windows.keys?.active}
          width={keysWidth}
          height={keysHeight}
          empty={[span(' no key of it is in use', 'dim')]}
          {...{ place, look }}
        />
        <DetailPane
          title={row?.id ?? 'no limiter'}
          note={key === undefined ? undefined : span(`key ${keyName(key.key)}`, 'dim')}
          lines={row === undefined ? [] : limiterDetail(row, key, props)}
          width={textWidth}
          height={textHeight}
          look={look}
        />
      </Box>
    </Box>
  )
}

function noteText({ windows, data }: ViewProps<LimitsData>): string {
  const waiting = (data?.limiters ?? []).reduce((sum, limiter) => sum + limiter.waiting, 0)
  const bounded = data?.isWhole === false ? '   oldest: of the runs that have waited for the longest' : ''
  return `${windows.limiters?.count ?? 0}   ${waiting === 1 ? '1 run or step waits' : `${waiting} runs or steps wait`}${bounded}`
}
