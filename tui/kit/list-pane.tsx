import type { ReactElement } from 'react'
import type { Row } from '../screens/screen.ts'
import { Lines } from './lines.tsx'
import { Pane, type PaneProps } from './pane.tsx'
import type { Span } from './span.ts'
import { Table } from './table.tsx'
import type { TableProps } from './table-lines.ts'

export interface ListPaneProps<R extends Row>
  extends Omit<TableProps<R>, 'window' | 'titled'>,
    Pick<PaneProps, 'title' | 'note' | 'height' | 'active'> {
  readonly window: TableProps<R>['window'] | undefined
  /** Between the rule and the table. */
  readonly above?: readonly (readonly Span[])[]
  /** Shown instead of a table without rows. */
  readonly empty: readonly Span[]
}

/** A pane with the window of a list, or why the list is empty. Without a height there is none. */
export function ListPane<R extends Row>(props: ListPaneProps<R>): ReactElement | null {
  const { title, note, height, active, above = [], empty, window, width, look, place, columns } = props
  if (height === 0) return null
  return (
    <Pane {...{ title, note, width, height, active, look }}>
      <Lines lines={above} width={width} />
      {window === undefined || window.count === 0 ? (
        <Lines lines={[empty]} width={width} />
      ) : (
        <Table {...{ columns, window, place, look, width }} />
      )}
    </Pane>
  )
}
