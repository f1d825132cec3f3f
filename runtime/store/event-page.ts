import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { RunId } from '../model/run-id.ts'
import type { EventLog, EventPage, EventQuery, OperationEvent, RunEvent } from './events.ts'

/** The epoch of a store that has none yet: no process of this version has written to it. */
const noEpoch = '0'
const maxEvents = 1_000

/** A query that has been checked. */
export interface ParsedQuery {
  readonly logs: readonly EventLog[]
  readonly after?: EventCursor
  readonly before?: EventCursor
  readonly run?: RunId
  readonly limit: number
}

interface EventCursor {
  readonly epoch: string
  readonly number: number
}

export interface NumberedEvent {
  readonly number: number
  readonly event: Omit<RunEvent, 'cursor'> | Omit<OperationEvent, 'cursor'>
}

/** The data that an engine read, as one snapshot. */
export interface FoundEvents {
  readonly epoch: string | undefined
  /** The number of the newest event of both logs, 0 without any. */
  readonly newest: number
  readonly span: EventSpan
  /** Per requested log, the first `limit` events of a span forward, or the last ones of a span back, in any order. */
  readonly events: readonly NumberedEvent[]
  /** The number of the last event that each of these logs has dropped, 0 for none. */
  readonly droppedTo: readonly number[]
}

/**
 * The numbers to read: those after one, or the newest of those below one.
 * - `none`: the cursor to read back from is of another epoch, or of events that the store lost
 */
export type EventSpan =
  | { readonly kind: 'forward'; readonly after: number }
  | { readonly kind: 'back'; readonly below: number }
  | { readonly kind: 'none' }

/** @throws InvalidOptionsError for an invalid cursor, log or limit, and for a read both ways. */
export function parseEventQuery({ log, after, before, run, limit }: EventQuery): ParsedQuery {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxEvents) {
    throw new InvalidOptionsError(`events: limit must be 1 to ${maxEvents}, not ${limit}`)
  }
  if (log !== undefined && log !== 'runs' && log !== 'operations') {
    throw new InvalidOptionsError(
      `events: there is no log '${log}'; name 'runs' or 'operations', or leave it out`,
    )
  }
  if (after !== undefined && (before !== undefined || run !== undefined)) {
    const other = before === undefined ? 'run' : 'before'
    throw new InvalidOptionsError(`events: after reads forward, ${other} reads back; leave one of them out`)
  }
  const logs = log === undefined ? (['runs', 'operations'] as const) : [log]
  return {
    ...{ logs, limit },
    ...(after === undefined ? {} : { after: parseCursor(after) }),
    ...(before === undefined ? {} : { before: parseCursor(before) }),
    ...(run === undefined ? {} : { run }),
  }
}

function parseCursor(cursor: string): EventCursor {
  const [, epoch, number] = /^([\da-z]{1,20})-(\d{1,15})$/.exec(cursor) ?? []
  if (epoch !== undefined && number !== undefined) return { epoch, number: Number(number) }
  throw new InvalidOptionsError(`events: '${cursor}' is no cursor; pass on that of an event or of a page`)
}

/**
 * Returns the span of a query. If `after` is a cursor of another epoch, or of events that the store lost, the newest
 * events are read. A cursor from before the store had an epoch counts as its own.
 */
export function spanOf(
  { after, before }: Pick<ParsedQuery, 'after' | 'before'>,
  { epoch, newest }: Pick<FoundEvents, 'epoch' | 'newest'>,
): EventSpan {
  const isOwn = (cursor: EventCursor): boolean =>
    cursor.number <= newest && (cursor.epoch === noEpoch || cursor.epoch === epoch)
  if (after !== undefined && isOwn(after)) return { kind: 'forward', after: after.number }
  if (before === undefined) return { kind: 'back', below: newest + 1 }
  return isOwn(before) ? { kind: 'back', below: before.number } : { kind: 'none' }
}

export function eventPage({ after, limit }: ParsedQuery, found: FoundEvents): EventPage {
  const { epoch = noEpoch, span, newest, droppedTo } = found
  const cursorOf = (number: number): string => `${epoch}-${number}`
  const all = [...found.events].sort((a, b) => a.number - b.number)
  const isForward = span.kind === 'forward'
  const page = isForward ? all.slice(0, limit) : all.slice(-limit)
  const isFull = isForward && page.length === limit
  const hasGap = isForward
    ? droppedTo.some((number) => number > span.after)
    : after !== undefined || span.kind === 'none'
  return {
    events: page.map(({ number, event }) => ({ cursor: cursorOf(number), ...event })),
    // All newer events were read, unless there was no room.
    cursor: cursorOf(isFull ? (page.at(-1)?.number ?? newest) : newest),
    ...(hasGap ? { gap: true } : {}),
  }
}

/** Returns whether an event is one of the run: a transition, or an operation on it or the one that made it. */
export function isOfRun({ event }: NumberedEvent, run: RunId): boolean {
  if (event.kind === 'run') return event.run === run
  const { operation, subject, details = {} } = event
  return operation.endsWith(' run') ? subject === run : details.run === run
}
