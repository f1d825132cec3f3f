import type { EventLog, EventPage, StoreEvent } from '../../../runtime/store/events.ts'
import type { Inspector } from '../../../runtime/store/store.ts'
import type { ReadRequest } from '../screen.ts'
import { shownLog } from './event-filter.ts'

/*
 * The stream of events as far as it is kept: the newest.
 * E1  Each read goes on behind the cursor of the last one, a few pages at most. What came beyond that is skipped to the
 *     newest events, and told as a break.
 * E2  A gap and another store are breaks as well: a line of their own, never a silent one.
 * E3  At most `maxEvents` are kept, and as many breaks as stand between them.
 */
export interface EventsData {
  /** Newest first. */
  readonly entries: readonly StreamEntry[]
  readonly cursor: string
}

export type StreamEntry =
  | { readonly kind: 'event'; readonly event: StoreEvent }
  | { readonly kind: 'break'; readonly id: string; readonly why: StreamBreak }

/**
 * - `gap`: events were dropped before they were read, or writes of the store were lost
 * - `skipped`: more came than is read
 * - `new store`: it was emptied and made anew
 */
export type StreamBreak = 'gap' | 'skipped' | 'new store'

export const maxEvents = 5_000
/** The oldest a read begins with. */
const pageEvents = 1_000
const maxPages = 3

/** Reads for a place, going on from what is there. */
export async function loadEvents(
  inspector: Pick<Inspector, 'events'>,
  request: Pick<ReadRequest, 'filter' | 'own'>,
  before: EventsData | undefined,
): Promise<EventsData> {
  const log = shownLog(request)
  if (before === undefined) {
    const { events, cursor } = await newest(inspector, log)
    return { entries: toEntries(events), cursor }
  }
  let data = before
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await inspector.events({ after: data.cursor, limit: pageEvents, ...logPart(log) })
    data = joined(data, page, breakOf(data.cursor, page))
    if (page.events.length < pageEvents) return data
  }
  return joined(data, await newest(inspector, log), 'skipped')
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
  const entries = [...toEntries(events), ...line, ...before.entries].slice(0, maxEvents)
  return { entries: events.length === 0 && line.length === 0 ? before.entries : entries, cursor: page.cursor }
}

function toEntries(events: readonly StoreEvent[]): readonly StreamEntry[] {
  return events.map((event) => ({ kind: 'event', event }) as const).reverse()
}
