import { formatDuration } from '../../model/format-duration.ts'
import type { StoreCheck } from '../store.ts'
import { chunks } from './chunks.ts'
import type { ScriptCalls } from './script-calls.ts'

/** Reports live workers that were cut off from the server so often that their peers no longer judge them. */
export async function checkCuts(calls: ScriptCalls): Promise<StoreCheck> {
  const flat = (await calls.run('read-cuts', [])) as (Buffer | number)[]
  const found = chunks<[Buffer, number, number]>(flat, 3).map(
    ([worker, cuts, agoMs]) =>
      `${worker} was cut off ${cuts} times, the last time ${formatDuration(Number(agoMs))} ago`,
  )
  if (found.length === 0)
    return { name: 'connections', verdict: 'fine', found: 'no worker is cut off repeatedly' }
  return {
    name: 'connections',
    verdict: 'warning',
    found: found.join('; '),
    remedy:
      'mend the network between this worker and the server (proxies, idle timeouts); its peers watch it again after 10 min without a cut; until then its death is noticed only when its lease expires',
  }
}
