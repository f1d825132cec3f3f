import type { RecountReport } from '../../recount.ts'
import type { RunCount } from '../../run-filter.ts'
import type { Reply } from '../redis-link.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateOfCode } from '../state-code.ts'

/** One script's share: it looks at each of these records. */
const recountedAtOnce = 500

/** The field of a counter taken apart. */
function counterOf(field: Reply | undefined): Pick<RunCount, 'queue' | 'job' | 'state'> {
  const [queue = '', job = '', code = ''] = String(field).split('\0')
  return { queue, job, state: stateOfCode(Number(code)) }
}

export async function readRunCounts(calls: ScriptCalls): Promise<RunCount[]> {
  return decodeRunCounts(await calls.run('read-run-counts', []))
}

export function decodeRunCounts(reply: Reply): RunCount[] {
  const flat = reply as Reply[]
  return flat.flatMap((field, i) =>
    i % 2 === 0 ? [{ ...counterOf(field), count: Number(flat[i + 1]) }] : [],
  )
}

export async function recount(calls: ScriptCalls, limit: number = recountedAtOnce): Promise<RecountReport> {
  const [looked, done, ...found] = (await calls.run('recount-runs', [limit])) as Reply[]
  const miscounts = found.flatMap((field, i) =>
    i % 3 === 0 ? [{ ...counterOf(field), counted: Number(found[i + 1]), stored: Number(found[i + 2]) }] : [],
  )
  return { done: done === 1, looked: Number(looked), miscounts }
}
