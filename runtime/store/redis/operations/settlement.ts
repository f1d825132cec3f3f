import { encodeError } from '../../../model/codec.ts'
import type { FailureMark } from '../../../model/failure-mark.ts'
import { isArrival } from '../../../model/wait.ts'
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
  const { run, fence, position, outcome, orphans } = settlement
  const packed = (...rest: readonly unknown[]): Buffer => {
    const [x = false, y = false] = rest
    const last = orphans === undefined ? rest : [x, y, orphans]
    return plain.pack([run, fence, position, outcome.kind, ...last])
  }
  switch (outcome.kind) {
    case 'completed':
      return [packed(), asBuffer(outcome.output)]
    case 'failed':
      return [packed(outcome.escaped ?? false, ...markOf(outcome)), asBuffer(encodeError(outcome.error))]
    case 'retrying':
      return [packed(Math.ceil(outcome.delayMs), ...markOf(outcome)), asBuffer(encodeError(outcome.error))]
    case 'waiting': {
      journals.push(keys.journal(run))
      const waits = outcome.waits.map((wait) =>
        isArrival(wait)
          ? [wait.kind, wait.path, 0]
          : [
              wait.kind,
              wait.path,
              wait.position,
              ...(wait.fingerprint === undefined ? [] : [wait.fingerprint]),
            ],
      )
      return [packed(waits, journals.length), nothing]
    }
    case 'released':
      return [outcome.protect === true ? packed(1) : packed(), nothing]
    case 'cancelled':
      return [packed(), nothing]
    case 'blocked':
      return [packed(outcome.reason.slice(0, longestReason), outcome.digest), nothing]
  }
}

function markOf({ mark }: { readonly mark?: FailureMark }): (string | number)[][] {
  return mark === undefined ? [] : [packedMark(mark)]
}

/** As scripts/failures-part.lua reads it. */
export function packedMark({
  fingerprint,
  step,
  name,
  code = '',
  text,
  version,
}: FailureMark): (string | number)[] {
  return [fingerprint, step, name, code, text, version]
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

/** @param reply Drain order, then with a space behind each the ids to cancel and, with a + before it, those granted a limit. */
export function ordersOf(reply: Reply): Orders {
  const [drain, cancel] = reply as readonly Reply[]
  const text = String(cancel)
  if (text === '') return { drain: drain === 1, cancel: [], granted: [] }
  const ids = text.trimEnd().split(' ')
  return {
    drain: drain === 1,
    cancel: ids.filter((id) => id[0] !== '+'),
    granted: ids.filter((id) => id[0] === '+').map((id) => id.slice(1)),
  }
}
