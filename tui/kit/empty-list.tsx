import type { ReactElement } from 'react'
import type { ViewProps } from '../screens/screen.ts'
import { type Span, span } from './span.ts'
import { Spans } from './spans.tsx'
import { unreadText } from './unread-text.ts'

export interface EmptyProps extends Pick<ViewProps<unknown>, 'data' | 'problem' | 'place' | 'fleet' | 'now'> {
  /** In the singular: `run`. */
  readonly what: string
  /** How many there are without the filter, if known. */
  readonly unfiltered?: number
  /** How to get a first row; shown after a list without a filter. */
  readonly next?: string
}

/** Why a list has no rows, and what to do next. */
export function EmptyList(props: EmptyProps): ReactElement {
  return <Spans spans={emptySpans(props)} />
}

export function emptySpans({
  data,
  problem,
  place,
  fleet,
  what,
  unfiltered,
  next,
}: EmptyProps): readonly Span[] {
  if (problem !== undefined) return [span(` ${problem} `, 'bad'), span('^R reads again', 'dim')]
  if (data === undefined) return [span(unreadText(fleet, `${what}s`), 'dim')]
  if (place.filter !== '') {
    const others = unfiltered === undefined ? '' : `; ${unfiltered.toLocaleString('en')} without it`
    const back = place.filter === place.openedWith ? '' : ', esc takes it back'
    return [span(` no ${what} matches '${place.filter}'${others}; / changes it${back}`)]
  }
  return [span(` no ${what}${next === undefined ? '' : `; ${next}`}`)]
}
