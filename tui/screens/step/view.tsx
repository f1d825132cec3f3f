import type { ReactElement } from 'react'
import { DocumentView } from '../../kit/document-view.tsx'
import { EmptyList } from '../../kit/empty-list.tsx'
import { Pane } from '../../kit/pane.tsx'
import { span } from '../../kit/span.ts'
import { Spans } from '../../kit/spans.tsx'
import type { ViewProps } from '../screen.ts'
import { type StepData, stepOf } from './step-data.ts'

export function StepView(props: ViewProps<StepData>): ReactElement {
  const { size, look, windows, place, data } = props
  const { id, path } = stepOf(place.subject ?? '')
  const lines = windows.lines
  return (
    <Pane
      title={path}
      note={span(noteText(props, id), 'dim')}
      width={size.columns}
      height={size.rows}
      look={look}
    >
      {data?.run === undefined || props.problem !== undefined ? (
        data === undefined || props.problem !== undefined ? (
          <EmptyList {...props} data={undefined} what="step" />
        ) : (
          <Spans spans={[span(` no run has the id ${id}; esc goes back`)]} />
        )
      ) : lines === undefined || lines.count === 0 ? (
        <Spans spans={[span(` ${emptyText(data)}`)]} />
      ) : (
        <DocumentView window={lines} look={look} width={size.columns} />
      )}
    </Pane>
  )
}

function noteText({ data }: ViewProps<StepData>, id: string): string {
  if (data?.run === undefined) return `of run ${id}`
  const { run, entries, isPartial } = data
  const last = entries.at(-1)
  const tries = last === undefined ? 0 : last.attempt
  const counted = tries === 0 ? '' : `${tries} ${tries === 1 ? 'try' : 'tries'}, `
  const once = entries.some(({ once }) => once === true) ? 'at most once, ' : ''
  const search = isPartial ? `, read ${entries.length.toLocaleString('en')} entries, continuing` : ''
  return `${counted}${once}of ${run.job} ${id}${search}`
}

function emptyText({ run, path, isPartial }: StepData): string {
  if (isPartial) return 'searching its entries in the journal'
  const isOpen = run !== undefined && 'step' in run && run.step?.path === path
  return isOpen
    ? 'it runs its first try now; nothing is stored of it yet'
    : 'nothing is stored of it yet: it has not ended a try; esc goes back'
}
