import type { RunTransition } from '../../../model/run.ts'
import { eventPage, type NumberedEvent, parseEventQuery } from '../../event-page.ts'
import type { EventPage, EventQuery, OperationEvent } from '../../events.ts'
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
type PackedTransitions = readonly PackedTransition[number][]
type PackedOperation = Omit<OperationEvent, 'kind' | 'cursor' | 'at'>

export async function readEvents(calls: ScriptCalls, query: EventQuery): Promise<EventPage> {
  const parsed = parseEventQuery(query)
  const { logs, after, limit } = parsed
  const wanted = (['runs', 'operations'] as const).map((log) => (logs.includes(log) ? 1 : 0))
  const cursor = after === undefined ? ['', ''] : [after.epoch, after.number]
  const [epoch, newest, from, runs, operations, ...dropped] = (await calls.run('read-events', [
    limit,
    ...wanted,
    ...cursor,
  ])) as [Buffer, Buffer, Buffer, Buffer[], Buffer[], Buffer, Buffer]
  const begin = from.length === 0 ? undefined : Number(from)
  const entries = (flat: Buffer[]): Entry[] => entriesIn(flat, (at) => calls.clock.shown(at))
  const found = [...entries(runs).flatMap(transitionsOf), ...entries(operations).map(operationOf)]
  return eventPage(parsed, {
    epoch: epoch.length === 0 ? undefined : String(epoch),
    newest: Number(newest),
    ...(begin === undefined ? {} : { from: begin }),
    events: found.filter(({ number }) => number > (begin ?? 0)),
    droppedTo: dropped.map(Number),
  })
}

/** Of each in turn its id, which begins with its number, when it was, and its msgpack. */
function entriesIn(flat: readonly Buffer[], shown: (at: number) => number): Entry[] {
  return Array.from({ length: flat.length / 3 }, (_, i) => {
    const [id, at, packed] = flat.slice(3 * i, 3 * i + 3) as [Buffer, Buffer, Buffer]
    return { number: Number(String(id).split('-')[0]), at: shown(Number(at)), packed }
  })
}

/** Five places per transition (see scripts/events-part.lua). */
function transitionsOf({ number: last, at, packed }: Entry): NumberedEvent[] {
  const places = plain.unpack(packed) as PackedTransitions
  const count = places.length / 5
  return Array.from({ length: count }, (_, i) => {
    const [run, job, queue, transition, state] = places.slice(i * 5, i * 5 + 5) as unknown as PackedTransition
    const event = { run, job, queue, transition, state: stateOfCode(state) }
    return { number: last - count + i + 1, event: { kind: 'run', at, ...event } }
  })
}

function operationOf({ number, at, packed }: Entry): NumberedEvent {
  return { number, event: { kind: 'operation', at, ...(plain.unpack(packed) as PackedOperation) } }
}
