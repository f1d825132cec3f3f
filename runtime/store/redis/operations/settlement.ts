import { encodeError } from '../../../model/codec.ts'
import type { EntryAnswer, Orders, Settlement } from '../../store.ts'
import type { Keys } from '../keys.ts'
import type { Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import { stateOfCode } from '../state-code.ts'

const nothing = Buffer.alloc(0)
/** It stands in the run's record. */
const longestReason = 2_000

/** A settlement as two arguments (see scripts/settle-part.lua); a journal it reads is added to `journals`. */
export function encodeSettlement(settlement: Settlement, keys: Keys, journals: string[]): [Buffer, Buffer] {
  const { run, fence, position, outcome } = settlement
  const packed = (...rest: unknown[]): Buffer => plain.pack([run, fence, position, outcome.kind, ...rest])
  switch (outcome.kind) {
    case 'completed':
      return [packed(), asBuffer(outcome.output)]
    case 'failed':
      return [packed(outcome.escaped ?? false), asBuffer(encodeError(outcome.error))]
    case 'retrying':
      return [packed(Math.ceil(outcome.delayMs)), asBuffer(encodeError(outcome.error))]
    case 'waiting': {
      journals.push(keys.journal(run))
      const waits = outcome.waits.map(({ kind, path, position: at }) => [kind, path, at])
      return [packed(waits, journals.length), nothing]
    }
    case 'released':
      return [packed(), nothing]
    case 'cancelled':
      return [packed(), nothing]
    case 'blocked':
      return [packed(outcome.reason.slice(0, longestReason), outcome.digest), nothing]
  }
}

/** The same bytes; the client library would write any other byte array as text. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function answerOf(reply: Reply): EntryAnswer {
  const text = String(reply)
  switch (text[0]) {
    case 't':
      return { kind: 'stored' }
    case 's':
      return { kind: 'settled', state: stateOfCode(Number(text.slice(1))) }
    case 'e':
      return { kind: 'early', remainingMs: Number(text.slice(1)) }
    case 'c':
      return { kind: 'continue' }
    case 'p':
      return { kind: 'gap' }
    default:
      return { kind: 'gone' }
  }
}

/** @param reply Drain order, then the ids to cancel with a space behind each. */
export function ordersOf(reply: Reply): Orders {
  const [drain, cancel] = reply as readonly Reply[]
  const ids = String(cancel)
  return { drain: drain === 1, cancel: ids === '' ? [] : ids.trimEnd().split(' ') }
}
