import { jsonSafe } from '../../../runtime/cli/json-safe.ts'
import { plainText } from '../../../runtime/cli/plain-text.ts'
import { eventSentence } from '../../../runtime/describe/event-sentence.ts'
import type { Screen } from '../screen.ts'
import { eventFilterHint, nextLevel, shownLog } from './event-filter.ts'
import { type EventsData, loadEvents } from './events-data.ts'
import { type EventRow, entryText, eventRows } from './rows.ts'
import { EventsView, eventsLayout } from './view.tsx'

/** What happens: transitions of runs, and what operators, leaders and workers do. */
export const events: Screen<EventsData> = {
  name: 'events',
  title: 'Events',
  short: 'Event',
  panes: ['list'],
  filterHint: eventFilterHint,
  read: {
    everyMs: 1_000,
    keyOf: (request) => shownLog(request) ?? 'both',
    load: ({ inspector }, request, before) => loadEvents(inspector, request, before),
    isPartial: ({ isPartial }) => isPartial === true,
  },
  rows: eventRows,
  height: (input) => eventsLayout(input).listHeight,
  toggles: { level: nextLevel },
  copies: (_, row) =>
    row === undefined
      ? []
      : [{ key: 't', what: 'the text of the event', text: entryText((row as EventRow).entry) }],
  page: (input) => {
    const rows = eventRows(input)
    if (rows.length === 0) return undefined
    return { name: 'events', text: `${rows.map(pageLine).join('\n')}\n` }
  },
  json: (input) => ({
    events: eventRows(input).map(({ entry }) =>
      entry.kind === 'break' ? { kind: 'gap', why: entry.why } : jsonSafe(entry.event),
    ),
    cursor: input.data?.cursor,
  }),
  View: EventsView,
}

function pageLine({ entry }: EventRow): string {
  if (entry.kind === 'break') return `-- ${entryText(entry)}`
  return plainText(`${new Date(entry.event.at).toISOString()}  ${eventSentence(entry.event)}`).replaceAll(
    '\n',
    ' ',
  )
}
