import { checkMinutes } from '../../read-limits.ts'
import type { ThroughputCell } from '../../store.ts'
import { chunks } from '../chunks.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { decodeCell } from './statistics.ts'

export async function readThroughput(calls: ScriptCalls, minutes: number): Promise<ThroughputCell[]> {
  checkMinutes(minutes)
  const flat = (await calls.run('read-throughput', [minutes])) as Buffer[]
  const cells = chunks<[Buffer, Buffer]>(flat, 2).map(([field, packed]): ThroughputCell => {
    const [minute = '0', queue = '', job = ''] = String(field).split('\0')
    return { minute: Number(minute) * 60_000, queue, job, ...decodeCell(packed) }
  })
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return cells.sort((a, b) => a.minute - b.minute || order(a.queue, b.queue) || order(a.job, b.job))
}
