import { Packr } from 'msgpackr'
import { decodeValue } from '../../model/codec.ts'
import { RunPoisonedError } from '../../model/errors.ts'
import { cutBounds, type LossCounts, poisonLimit } from '../../model/poison.ts'
import { isEnd, type Run, type RunState, type WaitingFor } from '../../model/run.ts'
import { type StoredError, toStoredError } from '../../model/stored-error.ts'
import type { UniqueKey } from '../../model/unique.ts'
import { needsProtection, versionOf } from '../stored-version.ts'
import { uniqueKeyOf } from '../unique-until.ts'
import { stateOfCode } from './state-code.ts'

/** The msgpack that scripts read and write: text, numbers, lists and maps; bytes are separate. */
export const plain: Packr = new Packr({ useRecords: false, int64AsType: 'number' })

/** A parsed run record; 0 means a time that is not set (layout: HEAD and TAIL in scripts/prelude.lua). */
export interface RunRecord extends Tail {
  readonly state: RunState
  readonly priority: number
  readonly version: number
  readonly protect: boolean
  readonly seq: number
  readonly enqueuedAt: number
  readonly job: string
  readonly queue: string
  readonly extras: Extras
  /** Headers and input, or empty when they are stored beside the record. */
  readonly given: Buffer
}

interface Tail {
  readonly fence: number
  position: number
  bytes: number
  readonly attempt: number
  readonly losses: number
  streak: number
  readonly wakeAt: number
  readonly deadlineAt: number
  readonly startedAt: number
  readonly changedAt: number
  readonly outcome: Buffer
}

interface Extras {
  /** tags */
  readonly t?: readonly string[]
  /** kind, until, name of what it waits for or '', fingerprint of the failure after which it waits */
  readonly w?: readonly [WaitingFor['kind'], number, string?, string?]
  readonly c?: { readonly by: string; readonly reason?: string }
  readonly b?: { readonly reason: string }
  /** limits by path, '' for the job's own; a limiter's name is the first place of a take (scripts/limits-part.lua) */
  readonly L?: Readonly<Record<string, { readonly t: readonly (readonly [limiter: string, ...unknown[]])[] }>>
  /** unique key, until when it is held (see unique-until.ts), and its canonical form if that is another key */
  readonly u?: readonly [key: string, code: number, canonicalKey?: string]
  /** The step whose error escaped. */
  readonly e?: string
  /** Positions of stored steps that the code no longer calls. */
  readonly o?: readonly number[]
  /** The failure for which it is failed. */
  readonly f?: string
  /** The instant that a scheduled run waits for, by the server's clock. */
  readonly i?: number
  /** The tick it was made for, and the schedule. */
  readonly s?: number
  readonly S?: string
  /** Cuts of its workers that were taken back, and the position they were counted at. */
  readonly k?: readonly [cuts: number, position: number]
  /** Executions that have ended: see `executions` in scripts/prelude.lua. */
  readonly x?: string
  /** How its workers were lost, when the store itself ended it. */
  readonly P?: LossCounts
}

const noExtras: Extras = {}
const nothing = Buffer.alloc(0)
const headBytes = 19
/** Numbers of the tail, before the length of the outcome. */
const tailBytes = 62

/** Decodes the record between `from` and `end`. */
export function decodeRecord(bytes: Buffer, from: number = 0, end: number = bytes.length): RunRecord {
  let at = from + headBytes
  const text = (): string => {
    const begin = at
    const textEnd = bytes.indexOf(0, begin)
    at = textEnd + 1
    return bytes.toString('utf8', begin, textEnd)
  }
  const part = (): Buffer => {
    const begin = at + 2
    at = begin + bytes.readUInt16BE(at)
    return begin === at ? nothing : bytes.subarray(begin, at)
  }
  const job = text()
  const queue = text()
  const extras = part()
  const given = part()
  const version = bytes.readUInt32BE(from + 3)
  const enqueuedAt = bytes.readUIntBE(from + 13, 6)
  const tail = at === end ? freshTail(enqueuedAt) : decodeTail(bytes, at)
  // Field by field: a spread after other fields makes the object grow in steps.
  return {
    state: stateOfCode(bytes[from] ?? 0),
    priority: bytes.readInt16BE(from + 1),
    version: versionOf(version),
    protect: needsProtection(version),
    seq: bytes.readUIntBE(from + 7, 6),
    enqueuedAt,
    job,
    queue,
    extras: extras.length === 0 ? noExtras : (plain.unpack(extras) as Extras),
    given,
    fence: tail.fence,
    position: tail.position,
    bytes: tail.bytes,
    attempt: tail.attempt,
    losses: tail.losses,
    streak: tail.streak,
    wakeAt: tail.wakeAt,
    deadlineAt: tail.deadlineAt,
    startedAt: tail.startedAt,
    changedAt: tail.changedAt,
    outcome: tail.outcome,
  }
}

/** A run without changes since its enqueue is stored without a tail. */
function freshTail(enqueuedAt: number): Tail {
  const times = { wakeAt: 0, deadlineAt: 0, startedAt: 0, changedAt: enqueuedAt }
  return { fence: 0, position: 0, bytes: 0, attempt: 1, losses: 0, streak: 0, ...times, outcome: nothing }
}

function decodeTail(bytes: Buffer, from: number): Tail {
  const outcomeBytes = bytes.readUInt32BE(from + tailBytes)
  const outcomeFrom = from + tailBytes + 4
  return {
    fence: bytes.readUIntBE(from, 6),
    position: bytes.readUInt32BE(from + 6),
    bytes: bytes.readUInt32BE(from + 10),
    attempt: bytes.readUInt16BE(from + 14),
    losses: bytes.readUInt16BE(from + 16),
    streak: bytes[from + 18] ?? 0,
    wakeAt: bytes.readUIntBE(from + 19, 6),
    deadlineAt: bytes.readUIntBE(from + 31, 6),
    startedAt: bytes.readUIntBE(from + 43, 6),
    changedAt: bytes.readUIntBE(from + 49, 6),
    outcome: outcomeBytes === 0 ? nothing : bytes.subarray(outcomeFrom, outcomeFrom + outcomeBytes),
  }
}

/** Of an execution, before the lease: fence, position, bytes and streak (`readStay` in scripts/prelude.lua). */
const stayHeadBytes = 15

/** The lease of the worker that holds the run; empty if none does. */
export function leaseOf(stay: Buffer): Buffer {
  return stay.subarray(stayHeadBytes)
}

/** While a run is held its execution record has its position. */
export function withExecution(record: RunRecord, stay: Buffer): void {
  if (stay.length === 0) return
  record.position = stay.readUInt32BE(6)
  record.bytes = stay.readUInt32BE(10)
  record.streak = stay[14] ?? 0
}

export interface Given {
  readonly headers: Readonly<Record<string, string>>
  readonly input: Uint8Array
}

/** Headers as JSON after their length, then the input. */
export function encodeGiven({ headers, input }: Given): Buffer {
  const text = Object.keys(headers).length === 0 ? '' : JSON.stringify(headers)
  const bytes = Buffer.byteLength(text)
  const given = Buffer.allocUnsafe(4 + bytes + input.length)
  given.writeUInt32BE(bytes, 0)
  given.write(text, 4)
  given.set(input, 4 + bytes)
  return given
}

const noHeaders = {}

export function decodeGiven(given: Buffer): Given {
  const headerBytes = given.readUInt32BE(0)
  const inputFrom = 4 + headerBytes
  const headers = headerBytes === 0 ? noHeaders : JSON.parse(given.toString('utf8', 4, inputFrom))
  // A copy: runs share the memory of a reply, and an author may transfer the bytes of an input to a thread.
  const input = new Uint8Array(given.length - inputFrom)
  given.copy(input, 0, inputFrom)
  return { headers: headers as Record<string, string>, input }
}

/** Everything of a run in the store. */
export interface WholeRun {
  readonly id: string
  readonly record: RunRecord
  readonly worker: string
  /** The lease of its worker; empty while it is in no slot. */
  readonly lease: Buffer
  readonly given: Given
  readonly outcome: Buffer
}

/** Converts a stored time to wall time. */
type Shown = (at: number) => number

export function toRun(run: WholeRun, shown: Shown): Run {
  const { id, record, given } = run
  const base = {
    id,
    job: record.job,
    version: record.version,
    ...(record.protect ? { protect: true } : {}),
    queue: record.queue,
    priority: record.priority,
    tags: record.extras.t ?? [],
    headers: given.headers,
    attempt: record.attempt,
    losses: record.losses,
    ...(record.streak === 0 || isEnd(record.state) ? {} : { lossStreak: record.streak }),
    enqueuedAt: shown(record.enqueuedAt),
    ...(record.startedAt === 0 ? {} : { startedAt: shown(record.startedAt) }),
    ...(record.extras.u === undefined ? {} : { unique: shownKey(uniqueKeyOf(...record.extras.u), shown) }),
    changedAt: shown(record.changedAt),
    position: record.position,
    ...(record.extras.o === undefined ? {} : { orphans: record.extras.o }),
    ...(record.extras.S === undefined ? {} : { schedule: record.extras.S }),
    ...(record.extras.s === undefined ? {} : { scheduledFor: record.extras.s }),
  }
  return { ...base, state: record.state, ...stateFields(run, shown) } as unknown as Run
}

function shownKey(key: UniqueKey, shown: Shown): UniqueKey {
  return typeof key.until === 'number' ? { ...key, until: shown(key.until) } : key
}

function stateFields({ id, record, worker, outcome }: WholeRun, shown: Shown): object {
  const { state, extras } = record
  const error = (): StoredError => decodeValue(outcome, `error of run ${id}`) as StoredError
  const ended = isEnd(state) ? { endedAt: shown(record.changedAt) } : {}
  const cancel = extras.c ?? { by: 'unknown' }
  const fields = {
    scheduled: () => ({ dueAt: extras.i ?? shown(record.wakeAt) }),
    ready: () => ({}),
    running: () => ({ worker: worker || 'unknown' }),
    cancelling: () => ({ worker: worker || 'unknown', ...cancel }),
    waiting: () => ({
      waitingFor: waitingFor(extras, shown),
      ...(outcome.length > 0 ? { error: error() } : {}),
      ...shownFingerprint(extras.w?.[3]),
    }),
    blocked: () => ({ reason: extras.b?.reason ?? '' }),
    completed: () => ({ ...ended, output: new Uint8Array(outcome) }),
    failed: () => ({
      ...ended,
      error: outcome.length > 0 ? error() : poisoned(id, record),
      ...(extras.e === undefined ? {} : { escaped: extras.e }),
      ...shownFingerprint(extras.f),
    }),
    cancelled: () => ({ ...ended, ...cancel }),
    expired: () => ended,
  } satisfies Record<RunState, () => object>
  return fields[state]()
}

function waitingFor({ w }: Extras, shown: Shown): WaitingFor {
  const [kind = 'time', until = 0, name] = w ?? []
  return {
    kind,
    ...(until === 0 ? {} : { until: shown(until) }),
    ...(name === undefined || name === '' ? {} : { name }),
  }
}

function shownFingerprint(fingerprint: string | undefined): { readonly fingerprint?: string } {
  return fingerprint === undefined ? {} : { fingerprint }
}

/** The store itself ended the run: there was no worker left to write an error. */
function poisoned(id: string, { losses, extras }: RunRecord): StoredError {
  return toStoredError(new RunPoisonedError(id, extras.P ?? { exit: losses, cut: 0, lease: 0 }))
}

/** Whether it is claimed only to be failed: see `isPoisoned` in scripts/prelude.lua. */
export function isPoisoned({ streak, position, extras }: RunRecord): boolean {
  const [cuts = 0, at] = extras.k ?? []
  return streak >= poisonLimit || (cuts >= cutBounds.perRun && at === position)
}
