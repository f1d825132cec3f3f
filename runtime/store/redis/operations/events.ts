import type { RunTransition } from '../../../model/run.ts'
import { checkEventLimit, checkMinutes, parseCursor } from '../../read-limits.ts'
import type { RunEvent, ThroughputCell } from '../../store.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateOfCode } from '../state-code.ts'
import { decodeCell } from './statistics.ts'

type PackedEvent = readonly [string, string, string, RunTransition | 'enqueue', number]
type PackedEvents = readonly PackedEvent[number][]

/** An entry's id is the number of its last event; a cursor is the number of an event. */
export async function readEvents(
  calls: ScriptCalls,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<RunEvent[]> {
  checkEventLimit(limit)
  if (after === undefined) {
    const newest = await entries(calls, 'XREVRANGE', '+', '-', limit)
    return newest.reverse().flat().slice(-limit)
  }
  const seen = parseCursor(after)
  const next = await entries(calls, 'XRANGE', `${seen + 1}`, '+', limit)
  return next
    .flat()
    .filter(({ cursor }) => Number(cursor) > seen)
    .slice(0, limit)
}

async function entries(
  calls: ScriptCalls,
  command: 'XRANGE' | 'XREVRANGE',
  from: string,
  to: string,
  limit: number,
): Promise<RunEvent[][]> {
  const reply = await calls.read(command, calls.keys.of('events'), from, to, 'COUNT', limit)
  return (reply as unknown as [Buffer, Buffer[]][]).map(([id, [, at, , packed]]) => {
    const last = Number(String(id).split('-')[0])
    return eventsOf(plain.unpack(packed as Buffer) as PackedEvents, last, calls.clock.shown(Number(at)))
  })
}

/** Five places per event (see `measure` in scripts/prelude.lua). */
function eventsOf(packed: PackedEvents, last: number, at: number): RunEvent[] {
  const count = packed.length / 5
  return Array.from({ length: count }, (_, i) => {
    const [run, job, queue, transition, state] = packed.slice(i * 5, i * 5 + 5) as unknown as PackedEvent
    return {
      cursor: String(last - count + i + 1),
      at,
      run,
      job,
      queue,
      transition,
      state: stateOfCode(state),
    }
  })
}

export async function readThroughput(calls: ScriptCalls, minutes: number): Promise<ThroughputCell[]> {
  checkMinutes(minutes)
  const flat = (await calls.run('read-throughput', [minutes])) as Buffer[]
  const cells: ThroughputCell[] = []
  for (let i = 0; i < flat.length; i += 2) {
    const [minute = '0', queue = '', job = ''] = String(flat[i]).split('\0')
    cells.push({ minute: Number(minute) * 60_000, queue, job, ...decodeCell(flat[i + 1] as Buffer) })
  }
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return cells.sort((a, b) => a.minute - b.minute || order(a.queue, b.queue) || order(a.job, b.job))
}
