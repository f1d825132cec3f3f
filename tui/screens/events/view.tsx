import { Box } from 'ink'
import type { ReactElement } from 'react'
import { wrap } from '../../../runtime/cli/plain-text.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { EmptyList } from '../../kit/empty-list.tsx'
import { Lines } from '../../kit/lines.tsx'
import { Pane } from '../../kit/pane.tsx'
import { type Span, span } from '../../kit/span.ts'
import { Spans } from '../../kit/spans.tsx'
import { Table } from '../../kit/table.tsx'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { Tone } from '../../kit/tone.ts'
import type { ListWindow, ScreenInput, ViewProps } from '../screen.ts'
import { parseEventFilter, shownLog } from './event-filter.ts'
import { type EventsData, maxKept, type StreamEntry } from './events-data.ts'
import { type EventRow, entryText, localTime, shortText } from './rows.ts'

const detailHeight = 6
const leastList = 10

/** The rest of the body is the stream. */
export function eventsLayout({ size }: Pick<ScreenInput<EventsData>, 'size'>): {
  readonly paneHeight: number
  readonly detailHeight: number
  readonly listHeight: number
} {
  const hasDetail = size.rows >= leastList + detailHeight
  const paneHeight = hasDetail ? size.rows - detailHeight : size.rows
  // The stream has no title line.
  return { paneHeight, detailHeight: hasDetail ? detailHeight : 0, listHeight: Math.max(0, paneHeight - 1) }
}

const badTransitions: ReadonlySet<string> = new Set([
  'fail',
  'convict',
  'lose',
  'lose with delay',
  'block',
  'expire',
])
const badOperations: ReadonlySet<string> = new Set(['worker lost', 'leader resigned'])

/** Operations stand out among transitions, and what went wrong among both. */
function toneOf(entry: StreamEntry): Tone {
  if (entry.kind === 'break') return 'warn'
  const { event } = entry
  if (event.kind === 'operation') return badOperations.has(event.operation) ? 'bad' : 'key'
  if (badTransitions.has(event.transition)) return 'bad'
  return event.transition === 'complete' ? 'good' : 'plain'
}

function levelOf(entry: StreamEntry): string {
  if (entry.kind === 'break') return '!'
  return entry.event.kind === 'operation' ? 'op' : 'run'
}

function columns({ now, look }: ViewProps<EventsData>): readonly TableColumn<EventRow>[] {
  return [
    {
      title: '',
      cell: ({ entry }) => (entry.kind === 'break' ? '' : localTime(entry.event.at, now)),
      ...{ tone: () => 'dim', usual: 8 },
    },
    { title: '', cell: ({ entry }) => levelOf(entry), tone: () => 'dim', usual: 3 },
    {
      title: '',
      cell: ({ entry }) => shortText(entry, look.glyphs.ellipsis),
      tone: ({ entry }) => toneOf(entry),
      shrinks: true,
    },
  ]
}

export function EventsView(props: ViewProps<EventsData>): ReactElement {
  const { size, look, windows } = props
  const layout = eventsLayout(props)
  const list = windows.list
  const current = list?.rows[list.line] as EventRow | undefined
  return (
    <Box flexDirection="column">
      <Pane
        title={titles[shownLog(props.place) ?? 'both']}
        note={noteOf(props, list)}
        width={size.columns}
        height={layout.paneHeight}
        look={look}
      >
        <Stream {...props} />
      </Pane>
      {layout.detailHeight === 0 || current === undefined ? null : (
        <Pane title={eventTitle(current)} width={size.columns} height={layout.detailHeight} look={look}>
          <Lines lines={detailLines(current, props)} width={size.columns} />
        </Pane>
      )}
    </Box>
  )
}

function Stream(props: ViewProps<EventsData>): ReactElement {
  const { size, look, place, windows } = props
  const { unknown } = parseEventFilter(place.filter)
  if (unknown.length > 0) return <Spans spans={[span(` ${unknown.join('; ')}`, 'bad')]} />
  if (windows.list === undefined || windows.list.count === 0) return <Empty {...props} />
  return (
    <Table
      columns={columns(props)}
      window={windows.list}
      place={place}
      look={look}
      width={size.columns}
      titled={false}
    />
  )
}

function Empty(props: ViewProps<EventsData>): ReactElement {
  const { data } = props
  const next = 'runs, workers and operators make them'
  return (
    <EmptyList
      {...props}
      what="event"
      next={next}
      {...(data === undefined ? {} : { unfiltered: data.entries.length })}
    />
  )
}

const titles = { both: 'events', operations: 'events, operations only', runs: 'events, runs only' } as const

/** Whether it follows, how much of the stream there is, and what is below. */
function noteOf({ data, place }: ViewProps<EventsData>, list: ListWindow | undefined): Span {
  if (data === undefined || list === undefined) return span('reading', 'dim')
  const at = list.first + list.line
  const follow = at <= 0 ? 'following' : `frozen, ${at.toLocaleString('en')} newer above (g follows)`
  const filter = place.filter === '' ? '' : `  ${place.filter}`
  const count = `${list.count.toLocaleString('en')} read, newest first`
  return span(`${follow}${filter}  ${count}${pastText(data)}`, 'dim')
}

function pastText({ entries, ended, ofRun, isPartial }: EventsData): string {
  if (isPartial) return ', reading older ones'
  // A run that no event names may be one whose id was only begun.
  if (ended || (ofRun?.ended && ofRun.entries.length > 0)) return ', older ones are not kept'
  return entries.length >= maxKept ? ', older ones by durable-jobs events --before' : ''
}

function eventTitle({ entry }: EventRow): string {
  return entry.kind === 'break' ? 'break' : entry.event.cursor
}

/** The whole of the event under the cursor. */
function detailLines(
  { entry }: EventRow,
  { now, size }: Pick<ViewProps<EventsData>, 'now' | 'size'>,
): readonly (readonly Span[])[] {
  const sentence = wrap(entryText(entry), Math.max(20, size.columns - 2)).map((text) => [
    span(` ${text}`, toneOf(entry)),
  ])
  if (entry.kind === 'break') return sentence
  const { event } = entry
  const when = `${new Date(event.at).toISOString()} (${durationToken(now - event.at)} ago)`
  const more =
    event.kind === 'operation'
      ? Object.entries(event.details ?? {}).map(([name, value]) => `${name}=${value}`)
      : []
  const facts = event.kind === 'operation' ? event.operation : `${event.transition}, now ${event.state}`
  return [
    ...sentence,
    [span(` ${when}  `, 'dim'), span(facts)],
    ...(more.length === 0 ? [] : [[span(` ${more.join('  ')}`, 'dim')]]),
  ]
}
