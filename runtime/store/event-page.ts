import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { EventLog, EventPage, EventQuery, OperationEvent, RunEvent } from './events.ts'

/** The epoch of a store that has none yet: no process of this version has written to it. */
const noEpoch = '0'
const maxEvents = 1_000

/** A query that has been checked. */
export interface ParsedQuery {
  readonly logs: readonly EventLog[]
  readonly after?: EventCursor
  readonly limit: number
}

export interface EventCursor {
  readonly epoch: string
  readonly number: number
}

export interface NumberedEvent {
  readonly number: number
  readonly event: Omit<RunEvent, 'cursor'> | Omit<OperationEvent, 'cursor'>
}

/** What an engine found, as one snapshot. */
export interface FoundEvents {
  readonly epoch: string | undefined
  /** The number of the newest event of both logs, 0 without any. */
  readonly newest: number
  /** Where the page begins; left out, the newest events were read. */
  readonly from?: number
  /** Of each log that was asked for the first `limit` events after `from`, or the newest `limit`, in any order. */
  readonly events: readonly NumberedEvent[]
  /** The number of the last event that each of these logs has dropped, 0 for none. */
  readonly droppedTo: readonly number[]
}

/** @throws InvalidOptionsError for a cursor, a log or a limit that can't be one. */
export function parseEventQuery({ log, after, limit }: EventQuery): ParsedQuery {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxEvents) {
    throw new InvalidOptionsError(`events: limit must be 1 to ${maxEvents}, not ${limit}`)
  }
  if (log !== undefined && log !== 'runs' && log !== 'operations') {
    throw new InvalidOptionsError(
      `events: there is no log '${log}'; name 'runs' or 'operations', or leave it out`,
    )
  }
  const logs = log === undefined ? (['runs', 'operations'] as const) : [log]
  return { logs, limit, ...(after === undefined ? {} : { after: parseCursor(after) }) }
}

function parseCursor(cursor: string): EventCursor {
  const [, epoch, number] = /^([\da-z]{1,20})-(\d{1,15})$/.exec(cursor) ?? []
  if (epoch !== undefined && number !== undefined) return { epoch, number: Number(number) }
  throw new InvalidOptionsError(`events: '${cursor}' is no cursor; pass on that of an event or of a page`)
}

/**
 * Returns the number to read on from; none when the newest events are to be read: no cursor, or one of another epoch or of
 * events that the store lost. A cursor of a time before the store had an epoch counts as its own.
 */
export function startOf(
  after: EventCursor | undefined,
  { epoch, newest }: Pick<FoundEvents, 'epoch' | 'newest'>,
): number | undefined {
  if (after === undefined || after.number > newest) return undefined
  return after.epoch === noEpoch || after.epoch === epoch ? after.number : undefined
}

export function eventPage({ after, limit }: ParsedQuery, found: FoundEvents): EventPage {
  const { epoch = noEpoch, from, newest, droppedTo } = found
  const cursorOf = (number: number): string => `${epoch}-${number}`
  const all = [...found.events].sort((a, b) => a.number - b.number)
  const page = from === undefined ? all.slice(-limit) : all.slice(0, limit)
  const isFull = from !== undefined && page.length === limit
  const hasGap = from === undefined ? after !== undefined : droppedTo.some((number) => number > from)
  return {
    events: page.map(({ number, event }) => ({ cursor: cursorOf(number), ...event })),
    // All that is newer was read, unless there was no room.
    cursor: cursorOf(isFull ? (page.at(-1)?.number ?? newest) : newest),
    ...(hasGap ? { gap: true } : {}),
  }
}
