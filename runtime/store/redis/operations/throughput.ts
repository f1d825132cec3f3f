import { checkMinutes } from '../../read-limits.ts'
import type { DurationHistogram, ThroughputCell } from '../../store.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'

interface PackedCell {
  readonly counts: ThroughputCell['counts']
  readonly wait: readonly number[]
  readonly run: readonly number[]
}

export async function readThroughput(calls: ScriptCalls, minutes: number): Promise<ThroughputCell[]> {
  checkMinutes(minutes)
  const flat = (await calls.run('read-throughput', [minutes])) as Buffer[]
  const cells: ThroughputCell[] = []
  for (let i = 0; i < flat.length; i += 2) {
    const [minute = '0', queue = '', job = ''] = String(flat[i]).split('\0')
    const { counts, wait, run } = plain.unpack(flat[i + 1] as Buffer) as PackedCell
    cells.push({
      minute: Number(minute) * 60_000,
      queue,
      job,
      counts,
      wait: histogram(wait),
      run: histogram(run),
    })
  }
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return cells.sort((a, b) => a.minute - b.minute || order(a.queue, b.queue) || order(a.job, b.job))
}

function histogram([sumMs = 0, ...buckets]: readonly number[]): DurationHistogram {
  return { sumMs, buckets }
}
