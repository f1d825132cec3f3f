import { encodeError } from '../../model/codec.ts'
import type { FailureMark } from '../../model/failure-mark.ts'
import type { Wait } from '../../model/outcome.ts'
import { isArrival } from '../../model/wait.ts'
import type { Checkpoint, EntryReply, Settlement } from '../store.ts'
import { ByteWriter } from './byte-writer.ts'
import { writeTail } from './journal-entry.ts'
import type { Keys } from './keys.ts'
import { plain } from './run-record.ts'
import { stateOfCode } from './state-code.ts'

/*
 * The checkpoints and settlements of a call are one argument, and the replies to them one text. scripts/entries-part.lua reads
 * the entries, which follow each other. Each begins with
 *   kind u8, a letter; run u16 + text; number of its journal among the keys of the call u16 (0: none); fence u48; position u32
 * A checkpoint (`a`; `e` when it ends an attempt that used limits) goes on with
 *   pause + 1 in ms u48 (0: none); the tail that is stored, u32 + bytes (journal-entry.ts);
 *   mark of the failure that it stores, u32 + msgpack, or nothing
 * and a settlement (`s`) with
 *   outcome u16 + text; fields of this outcome, u32 + msgpack { x, y, orphans }, or nothing;
 *   its output or error, u32 + bytes
 * A reply is a letter: `t` stored; `s` settled, with the state's number u8; `e` early, with the remaining ms u48; `c` continue;
 * `p` gap; `g` gone.
 */

export interface EntryBatch {
  readonly bytes: Buffer
  /** The keys of the journals that its entries name. */
  readonly journals: readonly string[]
  /** How much its checkpoints add to journals. */
  readonly storedBytes: number
}

/** It stands in the run's record. */
const maxReason = 2_000
/** Its end must fit into a u48, too. */
const maxPauseMs = 2 ** 47
const letter = (text: string): number => text.charCodeAt(0)
const kinds = { checkpoint: letter('a'), attemptEnd: letter('e'), settlement: letter('s') }
const replies = {
  stored: letter('t'),
  settled: letter('s'),
  early: letter('e'),
  continue: letter('c'),
  gap: letter('p'),
}

const writer = new ByteWriter()

export function encodeBatch(entries: readonly (Checkpoint | Settlement)[], keys: Keys): EntryBatch {
  const journals: string[] = []
  let storedBytes = 0
  writer.begin()
  for (const entry of entries) {
    if (entry.kind === 'settle') writeSettlement(entry, keys, journals)
    else storedBytes += writeCheckpoint(entry, keys, journals)
  }
  return { bytes: writer.copy(), journals, storedBytes }
}

function writeHead(kind: number, { run, fence, position }: Checkpoint | Settlement, journal: number): void {
  writer.u8(kind)
  writer.text(run)
  writer.u16(journal)
  writer.u48(fence)
  writer.u32(position)
}

/** Returns how many bytes it adds to the journal. */
function writeCheckpoint(checkpoint: Checkpoint, keys: Keys, journals: string[]): number {
  const { record, limited } = checkpoint
  const kind = limited ? kinds.attemptEnd : kinds.checkpoint
  writeHead(kind, checkpoint, journals.push(keys.journal(checkpoint.run)))
  const pauses = record.phase === 'waiting' || record.phase === 'retrying'
  writer.u48(pauses ? Math.min(maxPauseMs, Math.max(0, Math.ceil(record.pauseMs))) + 1 : 0)
  const begin = writer.beginPart()
  writeTail(writer, record)
  const stored = writer.length - begin
  writer.endPart(begin)
  writeMsgpack('mark' in record && record.mark !== undefined ? packedMark(record.mark) : undefined)
  return stored
}

function writeMsgpack(value: readonly unknown[] | undefined): void {
  if (value === undefined) writer.u32(0)
  else writer.part(plain.pack(value))
}

function writeSettlement(settlement: Settlement, keys: Keys, journals: string[]): void {
  const { run, outcome, orphans } = settlement
  const isWaiting = outcome.kind === 'waiting'
  writeHead(kinds.settlement, settlement, isWaiting ? journals.push(keys.journal(run)) : 0)
  writer.text(outcome.kind)
  const fields = outcomeFields(settlement)
  const [x = false, y = false] = fields
  writeMsgpack(orphans !== undefined ? [x, y, orphans] : fields.length > 0 ? fields : undefined)
  if (outcome.kind === 'completed') writer.part(outcome.output)
  else if ('error' in outcome) writer.part(encodeError(outcome.error))
  else writer.u32(0)
}

/** `x` and `y` of scripts/settle-part.lua. */
function outcomeFields({ outcome }: Settlement): readonly unknown[] {
  switch (outcome.kind) {
    case 'failed':
      return [outcome.escaped ?? false, ...markOf(outcome)]
    case 'retrying':
      return [Math.ceil(outcome.delayMs), ...markOf(outcome)]
    case 'waiting':
      return [outcome.waits.map(packedWait)]
    case 'released':
      return outcome.protect === true ? [1] : noFields
    case 'blocked':
      return [outcome.reason.slice(0, maxReason), outcome.digest]
    case 'completed':
    case 'cancelled':
      return noFields
  }
}

const noFields: readonly unknown[] = []

function packedWait(wait: Wait): (string | number)[] {
  if (isArrival(wait)) return [wait.kind, wait.path, 0]
  const { kind, path, position, fingerprint } = wait
  return fingerprint === undefined ? [kind, path, position] : [kind, path, position, fingerprint]
}

function markOf({ mark }: { readonly mark?: FailureMark }): (string | number)[][] {
  return mark === undefined ? [] : [packedMark(mark)]
}

/** As scripts/failures-part.lua reads it. */
function packedMark({ fingerprint, step, name, code = '', text, version }: FailureMark): (string | number)[] {
  return [fingerprint, step, name, code, text, version]
}

export function decodeReplies(bytes: Buffer): EntryReply[] {
  const decoded: EntryReply[] = []
  for (let at = 0; at < bytes.length; ) {
    switch (bytes[at++]) {
      case replies.stored:
        decoded.push({ kind: 'stored' })
        break
      case replies.settled:
        decoded.push({ kind: 'settled', state: stateOfCode(bytes[at++] ?? 0) })
        break
      case replies.early:
        decoded.push({ kind: 'early', remainingMs: bytes.readUIntBE(at, 6) })
        at += 6
        break
      case replies.continue:
        decoded.push({ kind: 'continue' })
        break
      case replies.gap:
        decoded.push({ kind: 'gap' })
        break
      default:
        decoded.push({ kind: 'gone' })
    }
  }
  return decoded
}
