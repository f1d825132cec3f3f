import { InvalidOptionsError } from '../../../model/invalid-options-error.ts'
import {
  type Checkpoint,
  type CommitReply,
  commitLimits,
  type LeaseId,
  type Settlement,
} from '../../store.ts'
import { decodeReplies, encodeBatch } from '../entry-batch.ts'
import type { Reply } from '../redis-link.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { ordersOf } from './orders.ts'

/** @param confirmed R11: resolves when a stored intent is where the configuration requires it. */
export async function commit(
  calls: ScriptCalls,
  lease: LeaseId,
  entries: readonly (Checkpoint | Settlement)[],
  confirmed: () => Promise<void>,
): Promise<CommitReply> {
  if (entries.length > commitLimits.entries) throw tooLarge()
  const batch = encodeBatch(entries, calls.keys)
  if (entries.length > 1 && batch.storedBytes > commitLimits.bytes) throw tooLarge()
  const reply = await calls.run(scriptFor(entries), [lease, batch.bytes], batch.journals)
  if (entries.some(isIntent)) await confirmed()
  const [orders, replies] = reply as [Reply, Buffer]
  return { orders: ordersOf(orders), answers: decodeReplies(replies) }
}

/** The smallest script that these entries need: most store results of steps. */
function scriptFor(entries: readonly (Checkpoint | Settlement)[]): 'append' | 'append-failures' | 'commit' {
  let hasMarks = false
  for (const entry of entries) {
    if (entry.kind === 'settle' || entry.limited) return 'commit'
    hasMarks ||= 'mark' in entry.record && entry.record.mark !== undefined
  }
  return hasMarks ? 'append-failures' : 'append'
}

function isIntent(entry: Checkpoint | Settlement): boolean {
  return entry.kind === 'checkpoint' && entry.record.phase === 'intent'
}

/** S5: a batch over the limit is refused whole. */
function tooLarge(): InvalidOptionsError {
  return new InvalidOptionsError(
    `a commit takes ${commitLimits.entries} entries and ${commitLimits.bytes} bytes`,
  )
}
