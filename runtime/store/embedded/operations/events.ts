import {
  eventPage,
  type NumberedEvent,
  type ParsedQuery,
  parseEventQuery,
  startOf,
} from '../../event-page.ts'
import type { EventPage, EventQuery } from '../../events.ts'
import type { Sql } from '../database.ts'
import { type EventGroup, newestNumber, noGroups } from '../event-log.ts'
import type { LoggedOperation, OperationRow } from '../operation-log.ts'
import { type Moment, shownAt } from '../store-clock.ts'

interface EventRow {
  readonly last: number
  readonly at: number
  readonly groups: string
}

/** A row may hold some hundred events. */
const maxRowsAtOnce = 50

/** Reads a page; to be called on one snapshot. @throws InvalidOptionsError for a query that can't be one. */
export function readEvents(sql: Sql, moment: Moment, query: EventQuery): EventPage {
  const parsed = parseEventQuery(query)
  const stored = sql.get<{ value: number }>("SELECT value FROM settings WHERE name = 'epoch'")
  const epoch = stored?.value.toString(36)
  const newest = newestNumber(sql)
  const from = startOf(parsed.after, { epoch, newest })
  const read = { runs: readTransitions, operations: readOperations }
  const dropped = { runs: droppedTransition, operations: droppedOperation }
  return eventPage(parsed, {
    ...{ epoch, newest },
    ...(from === undefined ? {} : { from }),
    events: parsed.logs.flatMap((log) => read[log](sql, moment, parsed, from)),
    droppedTo: parsed.logs.map((log) => dropped[log](sql)),
  })
}

function readTransitions(
  sql: Sql,
  moment: Moment,
  { limit }: ParsedQuery,
  from: number | undefined,
): NumberedEvent[] {
  const found: NumberedEvent[] = []
  const rowsAtOnce = Math.min(maxRowsAtOnce, limit)
  for (let at = from ?? Number.MAX_SAFE_INTEGER; ; ) {
    const rows = sql.all<EventRow>(
      from === undefined
        ? 'SELECT * FROM events WHERE last < ? ORDER BY last DESC LIMIT +?'
        : 'SELECT * FROM events WHERE last > ? ORDER BY last LIMIT +?',
      at,
      rowsAtOnce,
    )
    for (const row of rows) {
      if (found.length >= limit) return found
      found.push(...transitionsIn(row, moment).filter(({ number }) => number > (from ?? 0)))
      at = row.last
    }
    if (rows.length < rowsAtOnce) return found
  }
}

function transitionsIn({ last, at: stored, groups }: EventRow, moment: Moment): NumberedEvent[] {
  const at = shownAt(moment, stored)
  const events = (JSON.parse(groups) as EventGroup[]).flatMap(([job, queue, transition, state, ...runs]) =>
    runs.map((run) => ({ kind: 'run' as const, at, run, job, queue, transition, state })),
  )
  const before = last - events.length
  return events.map((event, i) => ({ number: before + i + 1, event }))
}

function readOperations(
  sql: Sql,
  moment: Moment,
  { limit }: ParsedQuery,
  from: number | undefined,
): NumberedEvent[] {
  const rows = sql.all<OperationRow>(
    from === undefined
      ? 'SELECT * FROM operations WHERE number < ? ORDER BY number DESC LIMIT +?'
      : 'SELECT * FROM operations WHERE number > ? ORDER BY number LIMIT +?',
    from ?? Number.MAX_SAFE_INTEGER,
    limit,
  )
  return rows.map(({ number, at, body }) => ({
    number,
    event: { kind: 'operation', at: shownAt(moment, at), ...(JSON.parse(body) as LoggedOperation) },
  }))
}

/** The number of the last transition that was dropped, 0 for none. */
function droppedTransition(sql: Sql): number {
  const oldest = sql.get<EventRow>('SELECT * FROM events WHERE groups <> ? ORDER BY last LIMIT 1', noGroups)
  if (oldest === undefined) return 0
  const groups = JSON.parse(oldest.groups) as EventGroup[]
  const before = groups.reduce((number, [, , , , ...runs]) => number - runs.length, oldest.last)
  const operation = sql.get<Pick<OperationRow, 'transition'>>(
    'SELECT transition FROM operations WHERE number = ?',
    before,
  )
  return operation?.transition ?? before
}

/** The number of the last operation that was dropped, 0 for none. */
function droppedOperation(sql: Sql): number {
  const oldest = sql.get<Pick<OperationRow, 'previous'>>(
    'SELECT previous FROM operations ORDER BY number LIMIT 1',
  )
  return oldest?.previous ?? 0
}
