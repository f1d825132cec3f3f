import { type RunState, runStates } from '../../../model/run.ts'
import type { CounterFacts, FoundMiscount } from '../../counters-check.ts'
import type { RecountReport } from '../../recount.ts'
import type { RunCount } from '../../run-filter.ts'
import { chunks } from '../chunks.ts'
import type { Reply } from '../redis-link.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateCode, stateOfCode } from '../state-code.ts'

/** The share of one script: it inspects each of these records. */
const recountedAtOnce = 500

/** The field of a counter taken apart. */
function counterOf(field: Buffer | string): Pick<RunCount, 'queue' | 'job' | 'state'> {
  const [queue = '', job = '', code = ''] = String(field).split('\0')
  return { queue, job, state: stateOfCode(Number(code)) }
}

export async function readRunCounts(calls: ScriptCalls): Promise<RunCount[]> {
  return decodeRunCounts(await calls.run('read-run-counts', []))
}

export async function isCounted({ link, keys }: ScriptCalls): Promise<boolean> {
  return (await link.command('HEXISTS', keys.of('meta'), 'recountedAt')) === 1
}

/** As scripts/run-counts-part.lua returns them. */
type CountsReply = readonly [
  counted: number,
  stored: readonly Buffer[],
  ready: readonly (Buffer | number)[],
  more: number,
]

/** None of them 0. During the first count of a store, the counts so far. */
export function decodeRunCounts(reply: Reply): RunCount[] {
  const [counted, stored, ready] = reply as unknown as CountsReply
  const counts = chunks<[Buffer, Buffer]>(stored, 2).flatMap(([raw, number]) => {
    const [field, count] = [String(raw), Number(number)]
    const isRecount = field.startsWith('\0')
    const isShown = (counted === 1) !== isRecount && count > 0
    return isShown ? [{ ...counterOf(isRecount ? field.slice(1) : field), count }] : []
  })
  return [...counts, ...readyCounts(ready)]
}

/** Classes of several versions are one count. */
function readyCounts(ready: CountsReply[2]): RunCount[] {
  const counts = new Map<string, RunCount>()
  for (const [rawQueue, rawJob, count] of chunks<[Buffer, Buffer, number]>(ready, 3)) {
    const [queue, job] = [String(rawQueue), String(rawJob)]
    const key = `${queue}\0${job}`
    const before = counts.get(key)?.count ?? 0
    counts.set(key, { queue, job, state: 'ready', count: before + count })
  }
  return [...counts.values()]
}

export async function recount(calls: ScriptCalls, limit: number = recountedAtOnce): Promise<RecountReport> {
  const [looked, done, ...found] = (await calls.run('recount-runs', [limit])) as Reply[]
  const miscounts = chunks<[Buffer, Reply, Reply]>(found, 3).map(([field, counted, stored]) => ({
    ...counterOf(field),
    ...{ counted: Number(counted), stored: Number(stored) },
  }))
  return { done: done === 1, looked: Number(looked), miscounts }
}

/** A check of more counters would take too long: those of the others show in the sums by state. */
const checkedCounters = 3_000
const checkedAtOnce = 300
/** Those whose groups have an index of their own. */
const groupedStates: readonly RunState[] = [
  ...(['scheduled', 'waiting', 'blocked', 'failed', 'cancelled', 'expired'] as const),
]

/** Compares the counters with the sets of runs. Running and completed runs are compared by their sum alone. */
export async function checkCounts(calls: ScriptCalls): Promise<CounterFacts> {
  const counts = await readRunCounts(calls)
  const [isCounted, ...sums] = (await calls.run('check-run-counts', [])) as number[]
  const sumsByState = chunks<[stored: number, counted: number]>(sums, 2)
  const miscounts: FoundMiscount[] = runStates.flatMap((state, i) => {
    const [stored, counted] = sumsByState[i] ?? [0, 0]
    return stored === counted ? [] : [{ state, stored, counted }]
  })
  const grouped = counts.filter(({ state }) => groupedStates.includes(state)).slice(0, checkedCounters)
  for (let at = 0; at < grouped.length; at += checkedAtOnce) {
    const part = grouped.slice(at, at + checkedAtOnce)
    const fields = part.map(({ queue, job, state }) => `${queue}\0${job}\0${stateCode(state)}`)
    const reply = (await calls.run('check-run-counts', fields)) as number[]
    for (const [i, { queue, job, state }] of part.entries()) {
      const [stored = 0, counted = 0] = reply.slice(i * 2, i * 2 + 2)
      if (stored !== counted) miscounts.push({ queue, job, state, stored, counted })
    }
  }
  const runs = counts.reduce((sum, { count }) => sum + count, 0)
  return { isCounted: isCounted === 1, runs, groups: counts.length, miscounts }
}
