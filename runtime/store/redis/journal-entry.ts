import { decodeValue, encodeError } from '../../model/codec.ts'
import { StoreFormatError } from '../../model/errors.ts'
import type { JournalEntry, JournalPhase, JournalRecord } from '../../model/journal.ts'
import { type StepKind, stepKinds } from '../../model/step-kind.ts'
import type { StoredError } from '../../model/stored-error.ts'
import type { JournalLine } from '../plan-retry.ts'
import type { ByteWriter } from './byte-writer.ts'

/*
 * Journal entries as bytes. The store keeps `at` u48, `until` u48 (0: none) and the tail, which a worker sends in a batch
 * (entry-batch.ts): phase u8, flags u8, attempt u16, duration f64, waitedAt u32, path u16 + text, body. The scripts read these
 * places (scripts/append-part.lua).
 */
const phases = { intent: 1, waiting: 2, retrying: 3, done: 4, failed: 5 } satisfies Record<
  JournalPhase,
  number
>
/** In the bits above the lowest one, which says `once`. */
const kinds = Object.fromEntries(
  Object.entries(stepKinds).map(([kind, { code }]) => [kind, code]),
) as Readonly<Record<StepKind, number>>
const onceFlag = 1
const entryHead = 12
const tailHead = 18
const mostAttempts = 65_535

export function writeTail(writer: ByteWriter, record: JournalRecord): void {
  writer.u8(phases[record.phase])
  writer.u8(kinds[record.kind] | (record.once ? onceFlag : 0))
  writer.u16(Math.min(record.attempt, mostAttempts))
  writer.f64(record.durationMs)
  writer.u32(record.phase === 'done' ? (record.waitedAt ?? 0) : 0)
  writer.text(record.path)
  writer.bytes(bodyOf(record))
}

const nothing = new Uint8Array()

function bodyOf(record: JournalRecord): Uint8Array {
  if (record.phase === 'done') return record.value
  if (record.phase === 'failed' || record.phase === 'retrying') return encodeError(record.error)
  return nothing
}

/** A manual retry leaves an empty item: positions are never used again (J1). */
export function isDropped(entry: Buffer): boolean {
  return entry.length === 0
}

/** @param now The store's time. */
export function decodeEntry(entry: Buffer, position: number, now: number): JournalEntry {
  const at = entry.readUIntBE(0, 6)
  const until = entry.readUIntBE(6, 6)
  const pathBytes = entry.readUInt16BE(entryHead + 16)
  const path = entry.toString('utf8', entryHead + tailHead, entryHead + tailHead + pathBytes)
  const body = entry.subarray(entryHead + tailHead + pathBytes)
  const marks = entry[entryHead + 1] ?? 0
  const base = {
    position,
    path,
    kind: nameOf(kinds, marks & ~onceFlag, path),
    attempt: entry.readUInt16BE(entryHead + 2),
    durationMs: entry.readDoubleBE(entryHead + 4),
    at,
    remainingMs: until === 0 ? 0 : Math.max(0, until - now),
    ...(marks & onceFlag ? { once: true } : {}),
  }
  const pauseMs = until === 0 ? 0 : until - at
  const phase = nameOf(phases, entry[entryHead] ?? 0, path)
  switch (phase) {
    case 'intent':
      return { ...base, phase }
    case 'waiting':
      return { ...base, phase, pauseMs }
    case 'retrying':
      return { ...base, phase, pauseMs, error: storedError(body, path) }
    case 'failed':
      return { ...base, phase, error: storedError(body, path) }
    case 'done': {
      const waitedAt = entry.readUInt32BE(entryHead + 12)
      return { ...base, phase, value: new Uint8Array(body), ...(waitedAt === 0 ? {} : { waitedAt }) }
    }
  }
}

/** The fields of an entry that the plan of a retry reads; the step's value may be cut off. */
export function decodeLine(entry: Buffer, position: number): JournalLine {
  const pathBytes = entry.readUInt16BE(entryHead + 16)
  const path = entry.toString('utf8', entryHead + tailHead, entryHead + tailHead + pathBytes)
  const once = ((entry[entryHead + 1] ?? 0) & onceFlag) !== 0
  return { position, path, phase: nameOf(phases, entry[entryHead] ?? 0, path), once }
}

/** @throws StoreFormatError for a number that only a newer version knows. */
function nameOf<Name extends string>(
  table: Readonly<Record<Name, number>>,
  code: number,
  path: string,
): Name {
  const name = (Object.keys(table) as Name[]).find((one) => table[one] === code)
  if (name === undefined) throw new StoreFormatError(`step '${path}' was stored by a newer version (${code})`)
  return name
}

function storedError(body: Buffer, path: string): StoredError {
  try {
    return decodeValue(body, `error of step '${path}'`) as StoredError
  } catch {
    // One damaged entry must not fail the claim of others.
    return { name: 'StoreFormatError', message: `the stored error of step '${path}' is damaged` }
  }
}
