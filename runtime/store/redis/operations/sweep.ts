import { InvalidOptionsError } from '../../../model/invalid-options-error.ts'
import type { RetentionPolicy, SweepReport } from '../../store.ts'
import type { Argument } from '../redis-link.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { freedKeys } from './unique.ts'

const removedAtOnce = 200

/** Two steps: ids first, then they are removed in parts, each with its journal's key declared. */
export async function sweep(
  calls: ScriptCalls,
  limit: number,
  retention: RetentionPolicy,
): Promise<SweepReport> {
  if (!Number.isInteger(limit) || limit < 1)
    throw new InvalidOptionsError(`sweep: ${limit} is not a number of runs`)
  const [ids, repaired, freed, , recountDue] = await findPart(calls, [
    limit,
    retention.maxEnded,
    keepTimes(retention),
  ])
  let pruned = 0
  for (let at = 0; at < ids.length; at += removedAtOnce) {
    const part = ids.slice(at, at + removedAtOnce).map(String)
    const journals = part.map((id) => calls.keys.journal(id))
    pruned += Number(await calls.run('remove', ['', '', '', '', '', ...part], journals))
  }
  const keys = freed.length > 0 ? { freedKeys: freedKeys(freed) } : {}
  const recount = recountDue === 1 ? ({ recountDue: true } as const) : {}
  return { pruned, repaired: repaired.map(String), ...keys, ...recount }
}

type Found = [ids: Buffer[], repaired: Buffer[], freed: Buffer[], again: number, recountDue: number]

/** A call with much to delete did nothing else. */
async function findPart(calls: ScriptCalls, args: readonly Argument[]): Promise<Found> {
  for (;;) {
    const found = (await calls.run('sweep', args)) as Found
    if (found[3] === 0) return found
  }
}

function keepTimes({ completedMs, failedMs, cancelledMs, expiredMs }: RetentionPolicy): Buffer {
  const times = Buffer.alloc(24)
  for (const [i, ms] of [completedMs, failedMs, cancelledMs, expiredMs].entries()) {
    times.writeUIntBE(Math.min(ms, maxMs), i * 6, 6)
  }
  return times
}

/** A century, in six bytes. */
const maxMs = 100 * 365 * 86_400_000
