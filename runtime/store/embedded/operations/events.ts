import type { RunId } from '../../../model/run-id.ts'
import {
  type EventSpan,
  eventPage,
  isOfRun,
  type NumberedEvent,
  type ParsedQuery,
  parseEventQuery,
  spanOf,
} from '../../event-page.ts'
import type { EventPage, EventQuery } from '../../events.ts'
import type { Sql } from '../database.ts'
import { type EventGroup, newestNumber, noGroups } from '../event-log.ts'
import type { LoggedOperation, OperationRow } from '../operation-log.ts'
import { readSetting } from '../settings.ts'
import { type Moment, shownAt } from '../store-clock.ts'

interface EventRow {
  readonly last: number
  readonly at: number
  readonly groups: string
}

/** A row may hold some hundred events. */
const maxRowsAtOnce = 50

/** Reads a page; to be called on one snapshot. @throws InvalidOptionsError for an invalid query. */
export function readEvents(sql: Sql, moment: Moment, query: EventQuery): EventPage {
  const parsed = parseEventQuery(query)
  const epoch = readSetting(sql, 'epoch')?.toString(36)
  const newest = newestNumber(sql)
  const span = spanOf(parsed, { epoch, newest })
  const sources = { runs: transitionSource, operations: operationSource }
  const dropped = { runs: droppedTransition, operations: droppedOperation }
  return eventPage(parsed, {
    ...{ epoch, newest, span },
    events: parsed.logs.flatMap((log) => collect(sources[log](sql, moment, parsed.run), parsed, span)),
    droppedTo: parsed.logs.map((log) => dropped[log](sql)),
  })
}

/** Returns rows of a log after a position in it, in reading order. */
interface Source {
  /** Where a span begins: the first row may hold events outside it. */
  start(span: ReadSpan): number
  rows(direction: ReadSpan['kind'], at: number, limit: number): readonly SourceRow[]
}

interface SourceRow {
  readonly place: number
  readonly events: readonly NumberedEvent[]
}

type ReadSpan = Exclude<EventSpan, { readonly kind: 'none' }>

function collect(source: Source, { limit, run }: ParsedQuery, span: EventSpan): NumberedEvent[] {
  if (span.kind === 'none') return []
  const isIn = ({ number }: NumberedEvent): boolean =>
    span.kind === 'forward' ? number > span.after : number < span.below
  const found: NumberedEvent[] = []
  const rowsAtOnce = Math.min(maxRowsAtOnce, limit)
  for (let at = source.start(span); ; ) {
    const rows = source.rows(span.kind, at, rowsAtOnce)
    for (const { place, events } of rows) {
      if (found.length >= limit) return found
      found.push(...events.filter((one) => isIn(one) && (run === undefined || isOfRun(one, run))))
      at = place
    }
    if (rows.length < rowsAtOnce) return found
  }
}

/** With a run in the query, only rows that contain its id are read. */
function mentions(
  column: string,
  run: RunId | undefined,
): { readonly sql: string; readonly values: string[] } {
  return run === undefined
    ? { sql: '', values: [] }
    : { sql: `AND instr(${column}, ?) > 0`, values: [JSON.stringify(run)] }
}

function transitionSource(sql: Sql, moment: Moment, run: RunId | undefined): Source {
  const mention = mentions('groups', run)
  return {
    start: (span) => {
      if (span.kind === 'forward') return span.after
      const newest = span.below - 1
      const row = sql.get<{ last: number | null }>(
        'SELECT min(last) AS last FROM events WHERE last >= ?',
        newest,
      )
      return (row?.last ?? newest) + 1
    },
    rows: (direction, at, limit) =>
      sql
        .all<EventRow>(
          direction === 'back'
            ? `SELECT * FROM events WHERE last < ? ${mention.sql} ORDER BY last DESC LIMIT +?`
            : `SELECT * FROM events WHERE last > ? ${mention.sql} ORDER BY last LIMIT +?`,
          ...[at, ...mention.values, limit],
        )
        .map((row) => ({ place: row.last, events: transitionsIn(row, moment) })),
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

function operationSource(sql: Sql, moment: Moment, run: RunId | undefined): Source {
  const mention = mentions('body', run)
  return {
    start: (span) => (span.kind === 'forward' ? span.after : span.below),
    rows: (direction, at, limit) =>
      sql
        .all<OperationRow>(
          direction === 'back'
            ? `SELECT * FROM operations WHERE number < ? ${mention.sql} ORDER BY number DESC LIMIT +?`
            : `SELECT * FROM operations WHERE number > ? ${mention.sql} ORDER BY number LIMIT +?`,
          ...[at, ...mention.values, limit],
        )
        .map((row) => ({ place: row.number, events: [operationIn(row, moment)] })),
  }
}

function operationIn({ number, at, body }: OperationRow, moment: Moment): NumberedEvent {
  const operation = JSON.parse(body) as LoggedOperation
  return { number, event: { kind: 'operation', at: shownAt(moment, at), ...operation } }
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
