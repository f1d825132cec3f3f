import { eventSentence, transitionText } from '../../../runtime/describe/event-sentence.ts'
import type { OperationEvent, StoreEvent } from '../../../runtime/store/events.ts'
import type { Jump, Target } from '../../app/place.ts'
import type { Thing } from '../../app/thing.ts'
import { formatFilter } from '../../text/format-filter.ts'
import { shortRunId } from '../runs/rows.ts'
import type { Row, ScreenInput } from '../screen.ts'
import { matchesFilter, parseEventFilter } from './event-filter.ts'
import { allEntries, type EventsData, type StreamBreak, type StreamEntry } from './events-data.ts'

export interface EventRow extends Row {
  readonly entry: StreamEntry
}

interface Filtered {
  readonly filter: string
  readonly rows: readonly EventRow[]
}

/** Filtered once for each read and each filter. */
const filtered = new WeakMap<EventsData, Filtered>()

/** The events that match, newest first; breaks always. */
export function eventRows({
  data,
  place,
}: Pick<ScreenInput<EventsData>, 'data' | 'place'>): readonly EventRow[] {
  if (data === undefined) return []
  const known = filtered.get(data)
  if (known?.filter === place.filter) return known.rows
  const filter = parseEventFilter(place.filter)
  const rows =
    filter.unknown.length > 0
      ? []
      : allEntries(data, filter)
          .filter((entry) => entry.kind === 'break' || matchesFilter(entry.event, filter))
          .map((entry) => (entry.kind === 'break' ? { id: entry.id, entry } : toRow(entry)))
  filtered.set(data, { filter: place.filter, rows })
  return rows
}

function toRow(entry: Extract<StreamEntry, { kind: 'event' }>): EventRow {
  const { event } = entry
  const about = event.kind === 'run' ? runTarget(event.run) : targetOf(event)
  const thing: Thing | undefined =
    event.kind === 'run' ? { kind: 'run', id: event.run, job: event.job, state: event.state } : undefined
  return {
    ...{ id: event.cursor, entry },
    ...(about === undefined ? {} : { target: about }),
    ...(thing === undefined ? {} : { thing }),
    // Only the row under the cursor is asked for them; thousands of rows are made each second.
    get jumps() {
      return jumpsOf(event)
    },
  }
}

function runTarget(run: string): Target {
  return { screen: 'run', subject: run }
}

type About = (subject: string, event: OperationEvent) => Target | undefined

const toRun: About = (subject) => runTarget(subject)
const toQueue: About = (subject) => ({ screen: 'queues', row: subject })
const toWorker: About = (subject) => ({ screen: 'workers', row: subject })
const toLimiter: About = (subject) => ({ screen: 'limits', row: subject })
const toSchedule: About = (subject) => ({ screen: 'cron', row: subject })
/** A role is led by a worker. */
const toLeader: About = (_, { by }) => (by === undefined ? undefined : { screen: 'workers', row: by })
const toFinding: About = (subject) => ({ screen: 'home', row: subject })

/** The target of enter: the subject of an operation. */
const abouts: Readonly<Record<OperationEvent['operation'], About>> = {
  'cancel run': toRun,
  'retry run': toRun,
  'remove run': () => undefined,
  'begin action': () => ({ screen: 'events', filter: 'ops action' }),
  'end action': () => ({ screen: 'events', filter: 'ops action' }),
  'pause queue': toQueue,
  'resume queue': toQueue,
  'change limiter': toLimiter,
  'reset limiter': toLimiter,
  'put schedule': toSchedule,
  'pause schedule': toSchedule,
  'resume schedule': toSchedule,
  'trigger schedule': toSchedule,
  'skip schedule': toSchedule,
  'remove schedule': () => undefined,
  'backfill schedule': toSchedule,
  'drain worker': toWorker,
  'worker joined': toWorker,
  'worker left': toWorker,
  'worker lost': toWorker,
  'worker cut': toWorker,
  'loss explained': toWorker,
  'leader changed': toLeader,
  'leader resigned': toLeader,
  'mute finding': toFinding,
  'unmute finding': toFinding,
}

function targetOf(event: OperationEvent): Target | undefined {
  const { operation, subject } = event
  return subject === undefined ? undefined : abouts[operation](subject, event)
}

function jumpsOf(event: StoreEvent): readonly Jump[] {
  if (event.kind === 'run') {
    const { job, queue } = event
    return [
      { label: `queue ${queue}`, target: { screen: 'queues', row: queue } },
      { label: `runs of ${job}`, target: { screen: 'runs', filter: formatFilter({ filter: { job } }) } },
      { label: `events of ${job}`, target: { screen: 'events', filter: `job:${job}` } },
    ]
  }
  const { details = {} } = event
  const run = details.run ?? details.duplicateOf
  return typeof run === 'string' ? [{ label: `run ${run}`, target: runTarget(run) }] : []
}

const breakTexts: Readonly<Record<StreamBreak, string>> = {
  gap: 'gap: earlier events were dropped before they were read, or the store was restored to an earlier state',
  skipped: 'skipped: events came faster than they are read; a filter (ops) shows fewer',
  'new store': 'the store was emptied and created again: its events start over; those below are from before',
}

export function entryText(entry: StreamEntry): string {
  return entry.kind === 'break' ? breakTexts[entry.why] : eventSentence(entry.event)
}

/** The same as a list has room for: the pane below it shows the whole ids and the queue of a run. */
export function shortText(entry: StreamEntry, ellipsis: string): string {
  if (entry.kind === 'break' || entry.event.kind === 'operation') return entryText(entry)
  const { job, run } = entry.event
  return `${job} ${shortRunId(run, ellipsis)} ${transitionText(entry.event)}`
}

/** The time of an event as clocks in this host's zone show it; with the day where that is another one. */
export function localTime(at: number, now: number): string {
  const [time, today] = [new Date(at), new Date(now)]
  const two = (n: number): string => String(n).padStart(2, '0')
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')
  const isToday = time.toDateString() === today.toDateString()
  return isToday ? clock : `${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`
}
