import { maxReadyClasses, type ReadyClass } from '../../ready-classes.ts'
import { readVersion, storedVersion } from '../../stored-version.ts'
import type { ScriptCalls } from '../script-calls.ts'

export async function readReadyClasses(calls: ScriptCalls): Promise<ReadyClass[]> {
  const flat = (await calls.run('read-ready-classes', [maxReadyClasses])) as (Buffer | number)[]
  const classes: ReadyClass[] = []
  for (let i = 0; i < flat.length; i += 3) {
    classes.push({ queue: String(flat[i]), job: String(flat[i + 1]), ...readVersion(Number(flat[i + 2])) })
  }
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return classes.sort(
    (a, b) => order(a.queue, b.queue) || order(a.job, b.job) || storedVersion(a) - storedVersion(b),
  )
}
