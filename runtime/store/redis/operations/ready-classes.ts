import { maxReadyClasses, type ReadyClass } from '../../ready-classes.ts'
import { readVersion, storedVersion } from '../../stored-version.ts'
import { chunks } from '../chunks.ts'
import type { Reply } from '../redis-link.ts'
import type { ScriptCalls } from '../script-calls.ts'

export async function readReadyClasses(calls: ScriptCalls): Promise<ReadyClass[]> {
  const flat = (await calls.run('read-ready-classes', [maxReadyClasses])) as Reply[]
  const classes = chunks<[Buffer, Buffer, number]>(flat, 3).map(
    ([queue, job, version]): ReadyClass => ({
      ...{ queue: String(queue), job: String(job) },
      ...readVersion(version),
    }),
  )
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return classes.sort(
    (a, b) => order(a.queue, b.queue) || order(a.job, b.job) || storedVersion(a) - storedVersion(b),
  )
}
