import type { RetentionPolicy, SweepReport } from '../../store.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { freedKeys } from './unique.ts'

const removedAtOnce = 200

/** Two steps: ids first, then they are removed in parts, each with its journal's key declared. */
export async function sweep(
  calls: ScriptCalls,
  limit: number,
  retention: RetentionPolicy,
): Promise<SweepReport> {
  const reply = await calls.run('sweep', [limit, retention.maxEnded, keepTimes(retention)])
  const [ids, repaired, freed] = reply as [Buffer[], Buffer[], Buffer[]]
  let pruned = 0
  for (let at = 0; at < ids.length; at += removedAtOnce) {
    const part = ids.slice(at, at + removedAtOnce).map(String)
    const journals = part.map((id) => calls.keys.journal(id))
    pruned += Number(await calls.run('remove', ['', ...part], journals))
  }
  const keys = freed.length > 0 ? { freedKeys: freedKeys(freed) } : {}
  return { pruned, repaired: repaired.map(String), ...keys }
}

function keepTimes({ completedMs, failedMs, cancelledMs, expiredMs }: RetentionPolicy): Buffer {
  const times = Buffer.alloc(24)
  for (const [i, ms] of [completedMs, failedMs, cancelledMs, expiredMs].entries()) {
    times.writeUIntBE(Math.min(ms, longestMs), i * 6, 6)
  }
  return times
}

/** A century, in six bytes. */
const longestMs = 100 * 365 * 86_400_000
