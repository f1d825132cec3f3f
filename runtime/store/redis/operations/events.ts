import type { RunTransition } from '../../../model/run.ts'
import { eventPage, type NumberedEvent, type ParsedQuery, parseEventQuery } from '../../event-page.ts'
import type { EventPage, EventQuery, OperationEvent } from '../../events.ts'
import type { Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateOfCode } from '../state-code.ts'

/** An entry of a stream: its id begins with the number of its last event; then names and values of its fields in turn. */
type Entry = readonly [id: Buffer, fields: readonly [Buffer, at: Buffer, Buffer, packed: Buffer, ...Buffer[]]]
type PackedTransition = readonly [string, string, string, RunTransition | 'enqueue', number]
type PackedTransitions = readonly PackedTransition[number][]
type PackedOperation = Omit<OperationEvent, 'kind' | 'cursor' | 'at'>

export async function readEvents(calls: ScriptCalls, query: EventQuery): Promise<EventPage> {
  const parsed = parseEventQuery(query)
  const { logs, after, limit } = parsed
  const wanted = (['runs', 'operations'] as const).map((log) => (logs.includes(log) ? 1 : 0))
  const cursor = after === undefined ? ['', ''] : [after.epoch, after.number]
  return decodeEvents(calls, await calls.run('read-events', [limit, ...wanted, ...cursor]), parsed)
}

/** What scripts/read-events.lua returns for a query. */
export function decodeEvents(calls: ScriptCalls, reply: Reply, parsed: ParsedQuery): EventPage {
  const [epoch, newest, from, runs, operations, ...dropped] = reply as unknown as [
    ...[epoch: Buffer, newest: Buffer, from: Buffer],
    ...[runs: Entry[], operations: Entry[], droppedRun: Buffer, droppedOperation: Buffer],
  ]
  const shown = (at: Buffer): number => calls.clock.shown(Number(at))
  const begin = from.length === 0 ? undefined : Number(from)
  const found = [
    ...runs.flatMap((entry) => transitionsOf(entry, shown)),
    ...operations.map((entry) => operationOf(entry, shown)),
  ]
  return eventPage(parsed, {
    epoch: epoch.length === 0 ? undefined : String(epoch),
    newest: Number(newest),
    ...(begin === undefined ? {} : { from: begin }),
    events: found.filter(({ number }) => number > (begin ?? 0)),
    droppedTo: dropped.map(Number),
  })
}

function numberOf([id]: Entry): number {
  return Number(String(id).split('-')[0])
}

/** Five places per transition (see scripts/events-part.lua). */
function transitionsOf(entry: Entry, shown: (at: Buffer) => number): NumberedEvent[] {
  const [, [, at, , packed]] = entry
  const places = plain.unpack(packed) as PackedTransitions
  const count = places.length / 5
  return Array.from({ length: count }, (_, i) => {
    const [run, job, queue, transition, state] = places.slice(i * 5, i * 5 + 5) as unknown as PackedTransition
    const event = { run, job, queue, transition, state: stateOfCode(state) }
    return { number: numberOf(entry) - count + i + 1, event: { kind: 'run', at: shown(at), ...event } }
  })
}

function operationOf(entry: Entry, shown: (at: Buffer) => number): NumberedEvent {
  const [, [, at, , packed]] = entry
  const operation = plain.unpack(packed) as PackedOperation
  return { number: numberOf(entry), event: { kind: 'operation', at: shown(at), ...operation } }
}
