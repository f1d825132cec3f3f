import { Box } from 'ink'
import type { ReactElement } from 'react'
import type { Row } from '../screens/screen.ts'
import { Spans } from './spans.tsx'
import { type TableProps, tableLines } from './table-lines.ts'

/** The window of a list. */
export function Table<R extends Row>(props: TableProps<R>): ReactElement {
  return (
    <Box flexDirection="column" flexShrink={0}>
      {tableLines(props).map((spans, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its place
        <Spans key={i} spans={spans} />
      ))}
    </Box>
  )
}
