import type { RunId } from '../../../model/run-id.ts'
import {
  formatKeyCursor,
  type HeldKey,
  type HeldKeyPage,
  type HeldKeyQuery,
  maxInspectedKeys,
  parseHeldKeyQuery,
} from '../../held-keys.ts'
import type { FreedKey } from '../../store.ts'
import { enqueueRequest, uniqueKeyOf } from '../../unique-until.ts'
import { chunks } from '../chunks.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateOfCode } from '../state-code.ts'

/** The holder of a unique key, and the store's time of the reply. */
export async function readHolder(
  calls: ScriptCalls,
  job: string,
  key: string,
): Promise<{ readonly now: number; readonly holder: RunId | undefined }> {
  const [now, holder] = (await calls.run('read-holder', [job, key])) as Buffer[]
  return { now: Number(now), holder: String(holder) || undefined }
}

type KeyReply = [job: Buffer, key: Buffer, run: Buffer, state: number, until: Buffer, enqueuedAt: Buffer]

export async function listHeldKeys(calls: ScriptCalls, query: HeldKeyQuery): Promise<HeldKeyPage> {
  const { job = '', limit, after = ['', ''] } = parseHeldKeyQuery(query)
  const reply = await calls.run('list-unique-keys', [job, ...after, limit, maxInspectedKeys])
  const [field, scan, ...found] = reply as [Buffer, Buffer, ...KeyReply[]]
  const next = [String(field), String(scan)] as const
  const keys = found.map((one) => heldKey(calls, one))
  return { keys, ...(next.join('') === '' ? {} : { cursor: formatKeyCursor(query, next) }) }
}

function heldKey(calls: ScriptCalls, [job, name, run, state, code, enqueuedAt]: KeyReply): HeldKey {
  const { key, until } = uniqueKeyOf(String(name), Number(code))
  return {
    ...{ job: String(job), key, run: String(run), state: stateOfCode(state) },
    until: typeof until === 'number' ? calls.clock.shown(until) : until,
    enqueuedAt: calls.clock.shown(Number(enqueuedAt)),
  }
}

/** The existing run that an enqueue met; the letters are those of enqueue.lua. */
export async function readDuplicate(calls: ScriptCalls, id: RunId): Promise<RunId | undefined> {
  const kept = await calls.read('HGET', calls.keys.of('requests'), enqueueRequest(id))
  const [, , answer = ''] = kept === null ? [] : String(kept).split('\0')
  return /^[jd]./.test(answer) ? answer.slice(1) : undefined
}

/** From the sweep's flat list: job and key, run. */
export function freedKeys(flat: readonly Buffer[]): FreedKey[] {
  return chunks<[Buffer, Buffer]>(flat, 2).map(([field, run]) => {
    const [job = '', key = ''] = String(field).split('\0')
    return { job, key, run: String(run) }
  })
}
