import { eventSentence } from '../../../runtime/describe/event-sentence.ts'
import { matchesEvent, type EventFilter as SubjectFilter } from '../../../runtime/describe/event-subject.ts'
import type { EventLog, StoreEvent } from '../../../runtime/store/events.ts'
import type { Place } from '../../app/place.ts'
import { filterTokens } from '../../text/filter-tokens.ts'
import { twiceText } from '../../text/twice-text.ts'

/** The filter of the stream: `ops job:NAME run:ID queue:NAME words !words`. */
export interface EventFilter extends SubjectFilter {
  /** Left out: both. */
  readonly log?: EventLog
  readonly words: readonly string[]
  /** Events with these are left out. */
  readonly hidden: readonly string[]
  /** Parts that can't be read. */
  readonly unknown: readonly string[]
}

export const eventFilterHint = 'ops runs job:NAME run:ID queue:NAME WORDS !WORDS'

const logs: Readonly<Record<string, EventLog>> = { ops: 'operations', operations: 'operations', runs: 'runs' }

export function parseEventFilter(text: string): EventFilter {
  const filter: { -readonly [Field in keyof EventFilter]: EventFilter[Field] } = {
    ...{ words: [], hidden: [], unknown: [] },
  }
  for (const { key, operator, value, negated } of filterTokens(text)) {
    const word = value.toLowerCase()
    const log = logs[word]
    if (key === undefined && negated) filter.hidden = [...filter.hidden, word]
    else if (key === undefined && log !== undefined) filter.log = log
    else if (key === undefined) filter.words = [...filter.words, word]
    else if (operator === ':' && !negated && (key === 'job' || key === 'run' || key === 'queue')) {
      const before = filter[key]
      if (before === undefined || before === value) filter[key] = value
      else filter.unknown = [...filter.unknown, twiceText(`${key}:`, before)]
    } else {
      const problem = `'${key}${operator ?? ''}' is not a part of this filter; write ${eventFilterHint}`
      filter.unknown = [...filter.unknown, problem]
    }
  }
  return filter
}

/**
 * The one log that the store is asked for, by the filter or else by the level that was chosen: of operations far older ones
 * are kept than fit into the stream of both. Undefined: both.
 */
export function shownLog({ filter, own }: Pick<Place, 'filter' | 'own'>): EventLog | undefined {
  const level = own.level === 'operations' || own.level === 'runs' ? own.level : undefined
  return parseEventFilter(filter).log ?? level
}

/** Both logs, then operations only, then runs only. */
export function nextLevel(own: Place['own']): Place['own'] {
  const { level, ...others } = own
  if (level === 'runs') return others
  return { ...own, level: level === 'operations' ? 'runs' : 'operations' }
}

export function matchesFilter(event: StoreEvent, filter: EventFilter): boolean {
  if (!matchesEvent(event, filter)) return false
  const { words, hidden } = filter
  if (words.length === 0 && hidden.length === 0) return true
  const text = eventSentence(event).toLowerCase()
  return (
    words.every((word) => text.includes(word)) && !hidden.some((word) => word !== '' && text.includes(word))
  )
}
