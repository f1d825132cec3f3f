import type { RunTransition } from '../../../model/run.ts'
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
import type { EventLog, EventPage, EventQuery, OperationEvent } from '../../events.ts'
import { chunks } from '../chunks.ts'
import type { Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateOfCode } from '../state-code.ts'

/** An entry of a stream. */
interface Entry {
  /** Of its last event. */
  readonly number: number
  readonly at: number
  readonly packed: Buffer
}

type PackedTransition = readonly [string, string, string, RunTransition | 'enqueue', number]
type PackedOperation = Omit<OperationEvent, 'kind' | 'cursor' | 'at'>

export async function readEvents(calls: ScriptCalls, query: EventQuery): Promise<EventPage> {
  const parsed = parseEventQuery(query)
  const { logs, after, before, run, limit } = parsed
  if (run !== undefined) return readRunEvents(calls, run, parsed)
  const wanted = (['runs', 'operations'] as const).map((log) => (logs.includes(log) ? 1 : 0))
  const from = after ?? before
  const cursor = from === undefined ? ['', '', ''] : [from.epoch, from.number, after ? 'after' : 'before']
  return decodeEvents(calls, await calls.run('read-events', [limit, ...wanted, ...cursor]), parsed)
}

/** What scripts/read-events.lua returns for a query. */
export function decodeEvents(calls: ScriptCalls, reply: Reply, parsed: ParsedQuery): EventPage {
  const [epoch, newest, kind, bound, runs, operations, ...dropped] = reply as [
    ...[epoch: Buffer, newest: Buffer, kind: Buffer, bound: Buffer],
    ...[runs: Buffer[], operations: Buffer[], droppedRun: Buffer, droppedOperation: Buffer],
  ]
  const span = decodeSpan(String(kind), Number(bound))
  const found = [...eventsOf(calls, 'runs', runs), ...eventsOf(calls, 'operations', operations)]
  return eventPage(parsed, {
    ...{ epoch: epoch.length === 0 ? undefined : String(epoch), newest: Number(newest), span },
    events: found.filter((event) => isIn(event, span)),
    droppedTo: dropped.map(Number),
  })
}

function decodeSpan(kind: string, bound: number): EventSpan {
  if (kind === 'none') return { kind }
  return kind === 'forward' ? { kind, after: bound } : { kind: 'back', below: bound }
}

/** An entry may hold transitions outside the span. */
function isIn({ number }: NumberedEvent, span: EventSpan): boolean {
  if (span.kind === 'none') return false
  return span.kind === 'forward' ? number > span.after : number < span.below
}

/** Each call to the server inspects this many entries, and returns this many of those. */
const entriesPerCall = { inspected: 2_000, found: 50 } as const

/** The logs have no index by run: they are read backwards, in calls of bounded length. */
async function readRunEvents(calls: ScriptCalls, run: RunId, parsed: ParsedQuery): Promise<EventPage> {
  const [stored, last] = (await calls.read('HMGET', calls.keys.of('meta'), 'epoch', 'events')) as (
    | Buffer
    | undefined
  )[]
  const known = { epoch: stored ? String(stored) : undefined, newest: Number(last ?? 0) }
  const span = spanOf(parsed, known)
  const events: NumberedEvent[] = []
  for (const log of parsed.logs)
    events.push(...(await findInLog(calls, { log, run, span, ...parsed }, known)))
  return eventPage(parsed, { ...known, span, events, droppedTo: [] })
}

interface LogSearch {
  readonly log: EventLog
  readonly run: RunId
  readonly span: EventSpan
  readonly limit: number
}

/** The newest events of a run in one log, at least `limit` where there are so many. */
async function findInLog(
  calls: ScriptCalls,
  { log, run, span, limit }: LogSearch,
  { newest }: { readonly newest: number },
): Promise<NumberedEvent[]> {
  if (span.kind !== 'back') return []
  const events: NumberedEvent[] = []
  let from = span.below > newest ? '+' : await entryBelow(calls, log, span.below)
  while (from !== '' && events.length < limit) {
    const args = [log, run, from, entriesPerCall.inspected, entriesPerCall.found]
    const [next, flat] = (await calls.run('read-run-events', args)) as [Buffer, Buffer[]]
    events.push(...eventsOf(calls, log, flat).filter((event) => isIn(event, span) && isOfRun(event, run)))
    from = String(next)
  }
  return events
}

/** The id of the entry that holds the last event below a number. */
async function entryBelow(calls: ScriptCalls, log: EventLog, below: number): Promise<string> {
  if (log === 'operations') return String(below - 1)
  const [entry] = (await calls.read(
    'XRANGE',
    calls.keys.of('events'),
    ...[String(below - 1), '+', 'COUNT', 1],
  )) as unknown as [id: Buffer, fields: Buffer[]][]
  return entry === undefined ? '+' : String(entry[0])
}

function eventsOf(calls: ScriptCalls, log: EventLog, flat: readonly Buffer[]): NumberedEvent[] {
  const entries = entriesIn(flat, (at) => calls.clock.shown(at))
  return log === 'runs' ? entries.flatMap(transitionsOf) : entries.map(operationOf)
}

/** Of each in turn its id, which begins with its number, when it was, and its msgpack. */
function entriesIn(flat: readonly Buffer[], shown: (at: number) => number): Entry[] {
  return chunks<[Buffer, Buffer, Buffer]>(flat, 3).map(([id, at, packed]) => {
    return { number: Number(String(id).split('-')[0]), at: shown(Number(at)), packed }
  })
}

/** Five places per transition (see scripts/events-part.lua). */
function transitionsOf({ number: last, at, packed }: Entry): NumberedEvent[] {
  const transitions = chunks<PackedTransition>(plain.unpack(packed), 5)
  return transitions.map(([run, job, queue, transition, state], i) => {
    const event = { run, job, queue, transition, state: stateOfCode(state) }
    return { number: last - transitions.length + i + 1, event: { kind: 'run', at, ...event } }
  })
}

function operationOf({ number, at, packed }: Entry): NumberedEvent {
  return { number, event: { kind: 'operation', at, ...(plain.unpack(packed) as PackedOperation) } }
}
