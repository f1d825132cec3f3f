import type { RunId } from '../../../model/run-id.ts'
import type { FreedKey } from '../../store.ts'
import { enqueueRequest } from '../../unique-until.ts'
import type { ScriptCalls } from '../script-calls.ts'

/** Who holds a unique key, and the store's time of the answer. */
export async function readHolder(
  calls: ScriptCalls,
  job: string,
  key: string,
): Promise<{ readonly now: number; readonly holder: RunId | undefined }> {
  const [now, holder] = (await calls.run('read-holder', [job, key])) as Buffer[]
  return { now: Number(now), holder: String(holder) || undefined }
}

/** Whom an enqueue met that made no run of its own; the letters are those of enqueue.lua. */
export async function readDuplicate(calls: ScriptCalls, id: RunId): Promise<RunId | undefined> {
  const kept = await calls.read('HGET', calls.keys.of('requests'), enqueueRequest(id))
  const [, , answer = ''] = kept === null ? [] : String(kept).split('\0')
  return /^[jd]./.test(answer) ? answer.slice(1) : undefined
}

/** From the sweep's flat list: job and key, run. */
export function freedKeys(flat: readonly Buffer[]): FreedKey[] {
  const texts = flat.map(String)
  return texts.flatMap((run, i) => {
    if (i % 2 === 0) return []
    const [job = '', key = ''] = (texts[i - 1] ?? '').split('\0')
    return [{ job, key, run }]
  })
}
