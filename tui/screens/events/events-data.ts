import type { EventLog, EventPage, EventQuery, StoreEvent } from '../../../runtime/store/events.ts'
import type { Inspector } from '../../../runtime/store/store.ts'
import type { ReadRequest } from '../screen.ts'
import { type EventFilter, matchesFilter, parseEventFilter, shownLog } from './event-filter.ts'

/*
 * The stream of events as far as it is kept: the newest.
 * E1  Each read continues after the cursor of the last one, a few pages at most. If more came, the read skips to the
 * newest events, with a break between.
 * E2  A gap and another store are breaks as well: a separate line, never silent.
 * E3  Older events are read when the list needs more rows than match, a few pages at a time. The store finds older
 * events of one run, without those of others.
 * E4  At most `maxEvents` are kept while the user doesn't scroll back, then at most `maxKept`, and as many breaks as
 * are between them.
 */
export interface EventsData {
  /** Newest first. */
  readonly entries: readonly StreamEntry[]
  readonly cursor: string
  /** The store keeps none that is older than the last entry. */
  readonly ended?: true
  /** Of the run that the list is filtered by: what is older than the last entry. */
  readonly ofRun?: RunPast
  /** The list lacks rows that it is to have. */
  readonly isPartial?: true
}

interface RunPast {
  readonly run: string
  /** Newest first. */
  readonly entries: readonly StreamEntry[]
  readonly ended?: true
}

export type StreamEntry =
  | { readonly kind: 'event'; readonly event: StoreEvent }
  | { readonly kind: 'break'; readonly id: string; readonly why: StreamBreak }

/**
 * - `gap`: events were dropped before they were read, or writes of the store were lost
 * - `skipped`: more came than is read
 * - `new store`: it was emptied and created again
 */
export type StreamBreak = 'gap' | 'skipped' | 'new store'

export const maxEvents = 5_000
export const maxKept = 20_000
/** The oldest a read begins with. */
const pageEvents = 1_000
const maxPages = 3

type Reads = Pick<Inspector, 'events'>

/** Reads for a place, going on from what is there. */
export async function loadEvents(
  inspector: Reads,
  request: Pick<ReadRequest, 'filter' | 'own' | 'wanted'>,
  before: EventsData | undefined,
): Promise<EventsData> {
  const log = shownLog(request)
  const data = before === undefined ? await begun(inspector, log) : await followed(inspector, log, before)
  return extended(inspector, log, parseEventFilter(request.filter), request.wanted, data)
}

async function begun(inspector: Reads, log: EventLog | undefined): Promise<EventsData> {
  const { events, cursor } = await newest(inspector, log)
  return { entries: toEntries(events), cursor, ...endedBy(events) }
}

async function followed(
  inspector: Reads,
  log: EventLog | undefined,
  before: EventsData,
): Promise<EventsData> {
  let data = before
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await inspector.events({ after: data.cursor, limit: pageEvents, ...logPart(log) })
    data = joined(data, page, breakOf(data.cursor, page))
    if (page.events.length < pageEvents) return data
  }
  return joined(data, await newest(inspector, log), 'skipped')
}

/** E3. */
async function extended(
  inspector: Reads,
  log: EventLog | undefined,
  filter: EventFilter,
  wanted: number,
  followed: EventsData,
): Promise<EventsData> {
  const { isPartial: _, ofRun, ...stream } = followed
  let data: EventsData = ofRun !== undefined && ofRun.run === filter.run ? { ...stream, ofRun } : stream
  for (let pages = 0; hasMore(data, filter) && matching(data, filter) < wanted; pages++) {
    if (pages === maxPages) return { ...data, isPartial: true }
    data = isOfRun(data, filter)
      ? await olderOfRun(inspector, log, filter.run ?? '', data)
      : await older(inspector, log, data)
  }
  return data
}

/** Whether the store can find older events by the run: the begin of an id doesn't suffice. */
function isOfRun({ entries, ofRun }: EventsData, { run }: EventFilter): boolean {
  if (run === undefined) return false
  if (ofRun === undefined || ofRun.entries.length > 0) return true
  return entries.some(
    (entry) => entry.kind === 'event' && entry.event.kind === 'run' && entry.event.run === run,
  )
}

function hasMore(data: EventsData, filter: EventFilter): boolean {
  if (data.ended || filter.unknown.length > 0) return false
  return isOfRun(data, filter) ? data.ofRun?.ended !== true : data.entries.length < maxKept
}

function matching(data: EventsData, filter: EventFilter): number {
  return allEntries(data, filter).filter(
    (entry) => entry.kind === 'break' || matchesFilter(entry.event, filter),
  ).length
}

/** What is there for a filter, newest first. */
export function allEntries({ entries, ofRun }: EventsData, { run }: EventFilter): readonly StreamEntry[] {
  return ofRun === undefined || ofRun.run !== run ? entries : [...entries, ...ofRun.entries]
}

async function older(inspector: Reads, log: EventLog | undefined, data: EventsData): Promise<EventsData> {
  const events = await readBack(inspector, data.entries, { ...logPart(log) })
  return { ...data, entries: [...data.entries, ...toEntries(events)], ...endedBy(events) }
}

async function olderOfRun(
  inspector: Reads,
  log: EventLog | undefined,
  run: string,
  data: EventsData,
): Promise<EventsData> {
  const known = data.ofRun?.entries ?? []
  const events = await readBack(inspector, [...data.entries, ...known], { run, ...logPart(log) })
  return { ...data, ofRun: { run, entries: [...known, ...toEntries(events)], ...endedBy(events) } }
}

async function readBack(
  inspector: Reads,
  entries: readonly StreamEntry[],
  part: Pick<EventQuery, 'log' | 'run'>,
): Promise<readonly StoreEvent[]> {
  const oldest = entries.findLast((entry) => entry.kind === 'event')?.event.cursor
  const { events } = await inspector.events({
    ...{ limit: pageEvents, ...part },
    ...(oldest === undefined ? {} : { before: oldest }),
  })
  return events
}

function endedBy(events: readonly StoreEvent[]): { readonly ended?: true } {
  return events.length < pageEvents ? { ended: true } : {}
}

function newest(inspector: Pick<Inspector, 'events'>, log: EventLog | undefined): Promise<EventPage> {
  return inspector.events({ limit: pageEvents, ...logPart(log) })
}

function logPart(log: EventLog | undefined): { readonly log?: EventLog } {
  return log === undefined ? {} : { log }
}

function epochOf(cursor: string): string {
  return cursor.slice(0, cursor.lastIndexOf('-'))
}

/** E2. */
function breakOf(cursor: string, page: EventPage): StreamBreak | undefined {
  if (epochOf(cursor) !== epochOf(page.cursor)) return 'new store'
  return page.gap ? 'gap' : undefined
}

function joined(before: EventsData, page: EventPage, why: StreamBreak | undefined): EventsData {
  const known = new Set(
    before.entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event.cursor] : [])),
  )
  const events = page.events.filter(({ cursor }) => !known.has(cursor))
  const isWhole = events.length < page.events.length
  // Events that are there already show that none was skipped.
  const isBroken = why !== undefined && !(why === 'skipped' && isWhole)
  const line: readonly StreamEntry[] = isBroken ? [{ kind: 'break', id: `${why} ${page.cursor}`, why }] : []
  if (events.length === 0 && line.length === 0) return { ...before, cursor: page.cursor }
  const all = [...toEntries(events), ...line, ...before.entries]
  const entries = all.slice(0, Math.min(maxKept, Math.max(maxEvents, before.entries.length)))
  const { ended, ofRun, ...others } = before
  // What was cut off would be missing between the two.
  if (entries.length < all.length) return { ...others, entries, cursor: page.cursor }
  return {
    ...{ ...others, entries, cursor: page.cursor },
    ...(ended === undefined ? {} : { ended }),
    ...(ofRun === undefined ? {} : { ofRun }),
  }
}

function toEntries(events: readonly StoreEvent[]): readonly StreamEntry[] {
  return events.map((event) => ({ kind: 'event', event }) as const).reverse()
}
