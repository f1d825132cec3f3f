import { Box } from 'ink'
import type { ReactElement } from 'react'
import { emptySpans } from '../../kit/empty-list.tsx'
import { ListPane } from '../../kit/list-pane.tsx'
import { span } from '../../kit/span.ts'
import type { ViewProps } from '../screen.ts'
import { keyColumns, keyName, limiterColumns } from './columns.ts'
import { limitsLayout, linesAbove, showsUnique } from './layout.ts'
import type { LimitsData } from './limits-data.ts'
import { currentLimiter } from './rows.ts'
import { uniqueColumns } from './unique-rows.ts'
import { userColumns } from './user-rows.ts'

export function LimitsView(props: ViewProps<LimitsData>): ReactElement {
  const { isWide } = limitsLayout(props)
  if (showsUnique(props)) return <UniqueList {...props} />
  return (
    <Box flexDirection="column">
      <LimiterList {...props} />
      <Box flexDirection={isWide ? 'row' : 'column'} columnGap={1}>
        <KeyList {...props} />
        <UserList {...props} />
      </Box>
    </Box>
  )
}

function LimiterList(props: ViewProps<LimitsData>): ReactElement | null {
  const { size, look, place, windows, data } = props
  const list = windows.limiters
  return (
    <ListPane
      title="limiters"
      note={span(noteText(props), 'dim')}
      columns={limiterColumns(props)}
      window={list}
      active={list?.active}
      width={size.columns}
      height={limitsLayout(props).paneHeight}
      empty={emptySpans({
        // Data of the list of unique keys say nothing of limiters.
        ...{ ...props, data: data?.unique === undefined ? data : undefined, what: 'limiter' },
        next: 'workers register the limiters of their code; a limiter that only a step names, when the step first runs',
      })}
      {...{ place, look }}
    />
  )
}

function KeyList(props: ViewProps<LimitsData>): ReactElement | null {
  const { look, place, windows } = props
  const { keysWidth, keysHeight } = limitsLayout(props)
  return (
    <ListPane
      title={`keys of ${currentLimiter(props)?.id ?? 'no limiter'}`}
      note={span('(tab)', 'key')}
      columns={keyColumns(props)}
      window={windows.keys}
      active={windows.keys?.active}
      width={keysWidth}
      height={keysHeight}
      empty={[span(' no key of it is in use', 'dim')]}
      {...{ place, look }}
    />
  )
}

function UserList(props: ViewProps<LimitsData>): ReactElement | null {
  const { look, place, windows, data, now } = props
  const { usersWidth, usersHeight } = limitsLayout(props)
  const limiter = currentLimiter(props)
  const users = data?.users?.limiter === limiter?.id ? data?.users : undefined
  const name = users === undefined ? '' : ` key ${keyName(users)}`
  return (
    <ListPane
      title={`holders and waiters of${name === '' ? ` ${limiter?.id ?? 'no limiter'}` : name}`}
      note={span(users?.isCut ? '(tab)  the first of them' : '(tab)', 'key')}
      above={linesAbove(props)}
      columns={userColumns(now, look)}
      window={windows.users}
      active={windows.users?.active}
      width={usersWidth}
      height={usersHeight}
      empty={[span(data?.current === limiter?.id ? ' no holders, no waiters' : ' reading', 'dim')]}
      {...{ place, look }}
    />
  )
}

function UniqueList(props: ViewProps<LimitsData>): ReactElement | null {
  const { size, look, place, windows, data, now } = props
  // Whichever pane had the keys when it was shown.
  const list = Object.values(windows).find(({ active }) => active)
  const cut = data?.unique?.isCut ? ', and there are more: durable-jobs unique --job NAME' : ''
  return (
    <ListPane
      title="unique keys"
      note={span(`${list?.count ?? 0}${cut}   K: limiters`, 'dim')}
      columns={uniqueColumns(now, look)}
      window={list}
      active={list?.active}
      width={size.columns}
      height={limitsLayout(props).paneHeight}
      empty={emptySpans({
        ...{ ...props, data: data?.unique, what: 'unique key that is held' },
        next: 'runs of jobs with the option unique hold a key until they have ended',
      })}
      {...{ place, look }}
    />
  )
}

function noteText({ windows, data }: ViewProps<LimitsData>): string {
  const waiting = (data?.limiters ?? []).reduce((sum, limiter) => sum + limiter.waiting, 0)
  const bounded = data?.isWhole === false ? '   oldest: the runs that have waited longest' : ''
  return `${windows.limiters?.count ?? 0}   ${waiting === 1 ? '1 run or step waits' : `${waiting} runs or steps wait`}${bounded}`
}
