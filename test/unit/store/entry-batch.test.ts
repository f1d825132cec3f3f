import { describe, expect, test } from 'vitest'
import type { JournalRecord } from '../../../runtime/model/journal.ts'
import type { RunState } from '../../../runtime/model/run.ts'
import { decodeReplies, encodeBatch } from '../../../runtime/store/redis/entry-batch.ts'
import { Keys } from '../../../runtime/store/redis/keys.ts'
import { plain } from '../../../runtime/store/redis/run-record.ts'
import { stateCode } from '../../../runtime/store/redis/state-code.ts'
import type { Checkpoint, Settlement } from '../../../runtime/store/store.ts'
import { done, encoded, mark, waiting } from '../../support/stores/store-inputs.ts'

const keys = new Keys('ns')

function checkpoint(record: JournalRecord, over: Partial<Checkpoint> = {}): Checkpoint {
  return { kind: 'checkpoint', run: 'run-1', fence: 0x0102_0304_0506, position: 7, record, ...over }
}

function settlement(over: Partial<Settlement> = {}): Settlement {
  const outcome = { kind: 'completed', output: encoded('out') } as const
  return { kind: 'settle', run: 'run-2', fence: 258, position: 3, outcome, ...over }
}

/** Reads fields as a script does. */
function reader(bytes: Buffer) {
  let at = 0
  const number = (size: number): number => {
    at += size
    return bytes.readUIntBE(at - size, size)
  }
  const field = (size: number): Buffer => {
    const length = number(size)
    at += length
    return bytes.subarray(at - length, at)
  }
  return {
    number,
    letter: () => String.fromCharCode(number(1)),
    text: () => String(field(2)),
    part: () => field(4),
    hasMore: () => at < bytes.length,
  }
}

function readHead({ letter, text, number }: ReturnType<typeof reader>) {
  return [letter(), text(), number(2), number(6), number(4)]
}

describe('a batch of entries', () => {
  test('holds each field of a checkpoint at its offset', () => {
    const value = encoded('ä')
    const record: JournalRecord = { ...done('schritt ü'), phase: 'done', value, attempt: 3, durationMs: 1.5 }
    const { bytes, journals, storedBytes } = encodeBatch([checkpoint(record)], keys)
    const read = reader(bytes)
    expect(readHead(read)).toEqual(['a', 'run-1', 1, 0x0102_0304_0506, 7])
    expect(read.number(6)).toBe(0)
    const tail = read.part()
    expect(tail).toHaveLength(storedBytes)
    expect([tail[0], tail[1], tail.readUInt16BE(2), tail.readDoubleBE(4), tail.readUInt32BE(12)]).toEqual([
      ...[4, 0, 3, 1.5, 0],
    ])
    expect(String(tail.subarray(18, 18 + tail.readUInt16BE(16)))).toBe('schritt ü')
    expect(new Uint8Array(tail.subarray(18 + tail.readUInt16BE(16)))).toEqual(value)
    expect(read.part()).toHaveLength(0)
    expect(read.hasMore()).toBe(false)
    expect(journals).toEqual(['{ns}:journal:run-1'])
  })

  test('numbers the journals of the entries that need one', () => {
    const waits = [{ kind: 'time', path: 'nap', position: 3 }] as const
    const entries = [
      settlement(),
      checkpoint(waiting('nap', 5_000.5), { run: 'run-3', limited: true }),
      settlement({ outcome: { kind: 'waiting', waits }, orphans: [2] }),
    ]
    const { bytes, journals } = encodeBatch(entries, keys)
    const read = reader(bytes)
    expect(readHead(read)).toEqual(['s', 'run-2', 0, 258, 3])
    expect([read.text(), read.part().length]).toEqual(['completed', 0])
    expect(new Uint8Array(read.part())).toEqual(encoded('out'))
    expect(readHead(read)).toEqual(['e', 'run-3', 1, 0x0102_0304_0506, 7])
    expect(read.number(6)).toBe(5_002)
    expect([read.part().length > 0, read.part().length]).toEqual([true, 0])
    expect(readHead(read)).toEqual(['s', 'run-2', 2, 258, 3])
    expect(read.text()).toBe('waiting')
    expect(plain.unpack(read.part())).toEqual([[['time', 'nap', 3]], false, [2]])
    expect([read.part().length, read.hasMore()]).toEqual([0, false])
    expect(journals).toEqual(['{ns}:journal:run-3', '{ns}:journal:run-2'])
  })

  test('holds the fingerprint of a failure that a checkpoint stores', () => {
    const cause = mark('timeout', { code: 'E1' })
    const error = { name: 'Error', message: 'no' }
    const record: JournalRecord = { ...done('one'), phase: 'failed', error, mark: cause }
    const read = reader(encodeBatch([checkpoint(record)], keys).bytes)
    readHead(read)
    read.number(6)
    read.part()
    const { fingerprint, step, name, text, version } = cause
    expect(plain.unpack(read.part())).toEqual([fingerprint, step, name, 'E1', text, version])
  })

  test('keeps its bytes while others are encoded, however large they are', () => {
    const first = encodeBatch([settlement()], keys).bytes
    const before = Buffer.from(first)
    const large = Uint8Array.from({ length: 3_000_000 }, (_, i) => i)
    const { bytes } = encodeBatch([settlement({ outcome: { kind: 'completed', output: large } })], keys)
    expect(bytes.subarray(-large.length).equals(large)).toBe(true)
    expect(encodeBatch([settlement()], keys).bytes).toEqual(before)
    expect(first).toEqual(before)
  })

  test('holds nothing of a refused one', () => {
    const expected = encodeBatch([settlement()], keys).bytes
    expect(() => encodeBatch([settlement(), settlement({ fence: -1 })], keys)).toThrow(RangeError)
    expect(encodeBatch([settlement()], keys).bytes).toEqual(expected)
  })
})

test('replies to entries are read one after the other', () => {
  const early = Buffer.alloc(6)
  early.writeUIntBE(90_000_000_000, 0, 6)
  const settled = (state: RunState) => Buffer.from(['s'.charCodeAt(0), stateCode(state)])
  const text = (letters: string) => Buffer.from(letters)
  const bytes = [text('t'), settled('completed'), text('e'), early, text('cpg'), settled('ready')]
  expect(decodeReplies(Buffer.concat(bytes))).toEqual([
    { kind: 'stored' },
    { kind: 'settled', state: 'completed' },
    { kind: 'early', remainingMs: 90_000_000_000 },
    ...[{ kind: 'continue' }, { kind: 'gap' }, { kind: 'gone' }],
    { kind: 'settled', state: 'ready' },
  ])
  expect(decodeReplies(Buffer.alloc(0))).toEqual([])
})
