import type { FailureMark } from '../../../model/failure-mark.ts'
import { InvalidOptionsError } from '../../../model/invalid-options-error.ts'
import {
  type Checkpoint,
  type CommitAnswer,
  commitLimits,
  type LeaseId,
  type Settlement,
} from '../../store.ts'
import { encodeFrame } from '../journal-entry.ts'
import type { Argument, Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { answerOf, encodeSettlement, ordersOf, packedMark } from './settlement.ts'

interface Encoded {
  readonly args: Argument[]
  readonly journals: string[]
  bytes: number
}

/** @param confirmed R11: resolves when an intent that was stored is where the configuration wants it. */
export async function commit(
  calls: ScriptCalls,
  lease: LeaseId,
  entries: readonly (Checkpoint | Settlement)[],
  confirmed: () => Promise<void>,
): Promise<CommitAnswer> {
  const script = scriptFor(entries)
  const encoded =
    script === 'commit'
      ? encodeMixed(calls, entries)
      : encodeRecords(calls, entries as readonly Checkpoint[], script === 'append-failures')
  refuseTooLarge(entries.length, encoded.bytes)
  const reply = await calls.run(script, [lease, ...encoded.args], encoded.journals)
  if (entries.some(isIntent)) await confirmed()
  const [orders, answers] = reply as [Reply, Reply[]]
  return { orders: ordersOf(orders), answers: answers.map(answerOf) }
}

/** The one that does no more than these entries need: most store results of steps. */
function scriptFor(entries: readonly (Checkpoint | Settlement)[]): 'append' | 'append-failures' | 'commit' {
  if (!entries.every((entry) => entry.kind === 'checkpoint' && !entry.limited)) return 'commit'
  const isMarked = (entries as readonly Checkpoint[]).some((entry) => markOf(entry) !== undefined)
  return isMarked ? 'append-failures' : 'append'
}

function markOf({ record }: Checkpoint): FailureMark | undefined {
  return 'mark' in record ? record.mark : undefined
}

function isIntent(entry: Checkpoint | Settlement): boolean {
  return entry.kind === 'checkpoint' && entry.record.phase === 'intent'
}

/** S5: a batch over the limit is refused whole. */
function refuseTooLarge(entries: number, bytes: number): void {
  if (entries <= commitLimits.entries && (entries === 1 || bytes <= commitLimits.bytes)) return
  throw new InvalidOptionsError(
    `a commit takes ${commitLimits.entries} entries and ${commitLimits.bytes} bytes`,
  )
}

function encodeRecords(calls: ScriptCalls, entries: readonly Checkpoint[], marks: boolean): Encoded {
  const encoded: Encoded = { args: [], journals: [], bytes: 0 }
  for (const entry of entries) {
    const frame = encodeFrame(entry)
    encoded.bytes += frame.length
    encoded.args.push(entry.run, frame)
    const mark = marks ? markOf(entry) : undefined
    if (marks) encoded.args.push(mark === undefined ? '' : plain.pack(packedMark(mark)))
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
      encoded.args.push(entry.limited ? 'e' : 'a', encoded.journals.length, entry.run, frame)
      const mark = markOf(entry)
      if (mark !== undefined) encoded.args.push('m', '', '', plain.pack(packedMark(mark)))
    }
  }
  return encoded
}
