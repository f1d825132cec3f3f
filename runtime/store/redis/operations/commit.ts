import { StoreUnavailableError } from '../../../model/errors.ts'
import { InvalidOptionsError } from '../../../model/invalid-options-error.ts'
import {
  type Checkpoint,
  type CommitAnswer,
  commitLimits,
  type LeaseId,
  type Settlement,
} from '../../store.ts'
import type { StoreConfig } from '../../store-config.ts'
import { encodeFrame } from '../journal-entry.ts'
import type { Argument, Reply } from '../redis-link.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { answerOf, encodeSettlement, ordersOf } from './settlement.ts'

const confirmMs = 1_000

interface Encoded {
  readonly args: Argument[]
  readonly journals: string[]
  bytes: number
}

export async function commit(
  calls: ScriptCalls,
  lease: LeaseId,
  entries: readonly (Checkpoint | Settlement)[],
  confirm: StoreConfig['confirm'],
): Promise<CommitAnswer> {
  const settles = entries.some(({ kind }) => kind === 'settle')
  const encoded = settles
    ? encodeMixed(calls, entries)
    : encodeRecords(calls, entries as readonly Checkpoint[])
  refuseTooLarge(entries.length, encoded.bytes)
  const script = settles ? 'commit' : 'append'
  const args = [lease, ...encoded.args]
  const reply =
    confirm !== 'memory' && entries.some(isIntent)
      ? await confirmed(calls, script, args, encoded.journals, confirm)
      : await calls.run(script, args, encoded.journals)
  const [orders, answers] = reply as [Reply, Reply[]]
  return { orders: ordersOf(orders), answers: answers.map(answerOf) }
}

function isIntent(entry: Checkpoint | Settlement): boolean {
  return entry.kind === 'checkpoint' && entry.record.phase === 'intent'
}

/** R11: an at-most-once body begins when its intent is where the configuration wants it. */
async function confirmed(
  calls: ScriptCalls,
  script: 'commit' | 'append',
  args: readonly Argument[],
  journals: readonly string[],
  confirm: 'disk' | 'replica',
): Promise<Reply> {
  const question =
    confirm === 'disk' ? (['WAITAOF', 1, 0, confirmMs] as const) : (['WAIT', 1, confirmMs] as const)
  const [reply, told] = await calls.runThen(script, args, journals, question)
  const count = Array.isArray(told) ? told[0] : told
  if (Number(count) >= 1) return reply
  throw new StoreUnavailableError(
    `${calls.link.address} did not confirm an at-most-once intent by ${confirm} within ${confirmMs} ms`,
  )
}

/** S5: a batch over the limit is refused whole. */
function refuseTooLarge(entries: number, bytes: number): void {
  if (entries <= commitLimits.entries && (entries === 1 || bytes <= commitLimits.bytes)) return
  throw new InvalidOptionsError(
    `a commit takes ${commitLimits.entries} entries and ${commitLimits.bytes} bytes`,
  )
}

function encodeRecords(calls: ScriptCalls, entries: readonly Checkpoint[]): Encoded {
  const encoded: Encoded = { args: [], journals: [], bytes: 0 }
  for (const entry of entries) {
    const frame = encodeFrame(entry)
    encoded.bytes += frame.length
    encoded.args.push(entry.run, frame)
    encoded.journals.push(calls.keys.journal(entry.run))
  }
  return encoded
}

function encodeMixed(calls: ScriptCalls, entries: readonly (Checkpoint | Settlement)[]): Encoded {
  const encoded: Encoded = { args: [], journals: [], bytes: 0 }
  for (const entry of entries) {
    if (entry.kind === 'settle') {
      const [packed, bytes] = encodeSettlement(entry, calls.keys, encoded.journals)
      encoded.args.push('s', entry.run, packed, bytes)
    } else {
      const frame = encodeFrame(entry)
      encoded.bytes += frame.length
      encoded.journals.push(calls.keys.journal(entry.run))
      encoded.args.push('a', encoded.journals.length, entry.run, frame)
    }
  }
  return encoded
}
