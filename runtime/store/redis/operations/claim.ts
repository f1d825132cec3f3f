import { StoreUnavailableError } from '../../../model/errors.ts'
import { countLosses } from '../../../model/poison.ts'
import type { RunId } from '../../../model/run-id.ts'
import { protectionLevel } from '../../protection-level.ts'
import type { ClaimedRun, ClaimReply, ClaimRequest, JournalPage, LeaseId, Settlement } from '../../store.ts'
import { decodeReplies, encodeBatch } from '../entry-batch.ts'
import type { Reply } from '../redis-link.ts'
import { decodeGiven, decodeRecord, isPoisoned, type RunRecord } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { readHistory } from './inspect.ts'
import { firstPageBytes, readJournal } from './journal.ts'
import { ordersOf } from './orders.ts'

/** The reply of scripts/claim.lua, unless the lease is lost. */
type ClaimScriptReply = [
  now: number,
  wall: number,
  more: number,
  dueIn: number,
  protectedLeft: number,
  ask: number,
  orders: Reply,
  settled: Buffer,
  runs: Buffer,
  inputs: readonly Buffer[],
]

/** The store's time, and what the server's clock shows. */
interface Moment {
  readonly now: number
  readonly wall: number
}

interface Taken {
  readonly id: string
  readonly record: RunRecord
  /** Headers and input, encoded. */
  readonly payload: Buffer
}

const noEntries: JournalPage = { entries: [], more: false }
const unread: JournalPage = { entries: [], more: true }

export async function claim(
  calls: ScriptCalls,
  lease: LeaseId,
  n: number,
  request: ClaimRequest,
  settle: readonly Settlement[],
): Promise<ClaimReply> {
  const { bytes, journals } = encodeBatch(settle, calls.keys)
  const level = protectionLevel(request, undefined)
  const reply = await calls.run('claim', [lease, n, request.max, level, bytes], journals)
  if (!Array.isArray(reply)) return { kind: 'lost' }
  const [now, wall, more, dueIn, protectedLeft, ask, orders, settled, runs, inputs] =
    reply as ClaimScriptReply
  return {
    kind: 'claimed',
    runs: await claimedRuns(calls, lease, decodeTaken(runs, inputs), { now, wall }),
    settled: decodeReplies(settled),
    more: more === 1,
    protectedLeft,
    ask: ask === 1,
    ...(dueIn < 0 ? {} : { nextDueInMs: dueIn }),
    orders: ordersOf(orders),
  }
}

/**
 * Decodes the claimed runs. Each consists of its id (u16 length, text) and its record (u32 length, bytes). A record may
 * lack the input: then the input is the next element of `inputs`.
 */
function decodeTaken(runs: Buffer, inputs: readonly Buffer[]): Taken[] {
  const taken: Taken[] = []
  let nextInput = 0
  for (let at = 0; at < runs.length; ) {
    const idEnd = at + 2 + runs.readUInt16BE(at)
    const id = runs.toString('utf8', at + 2, idEnd)
    at = idEnd + 4 + runs.readUInt32BE(idEnd)
    const record = decodeRecord(runs, idEnd + 4, at)
    const payload = record.given.length > 0 ? record.given : (inputs[nextInput++] ?? record.given)
    taken.push({ id, record, payload })
  }
  return taken
}

/** Reads what the reply lacks: the journals of resumed runs, and the losses of runs that fail as poisoned. */
async function claimedRuns(
  calls: ScriptCalls,
  lease: LeaseId,
  taken: readonly Taken[],
  moment: Moment,
): Promise<readonly ClaimedRun[]> {
  const journals = taken.some(isResumed) ? await readJournals(calls, lease, taken) : undefined
  const runs: ClaimedRun[] = []
  for (const run of taken) {
    const page = journals?.get(run.id) ?? noEntries
    // If the run was lost between the claim and this read, it must not start here.
    if (page !== 'gone') runs.push(claimedRun(run, page, moment))
  }
  return runs.some(({ failsAs }) => failsAs === 'poisoned') ? withLosses(calls, runs) : runs
}

function isResumed({ record }: Taken): boolean {
  return record.position > 0
}

/** Reads the journals of resumed runs, each with a fenced call. */
async function readJournals(
  calls: ScriptCalls,
  lease: LeaseId,
  taken: readonly Taken[],
): Promise<ReadonlyMap<string, JournalPage | 'gone'>> {
  const pages = taken
    .filter(isResumed)
    .map(async ({ id, record }) => [id, await readFirstPage(calls, lease, id, record.fence)] as const)
  return new Map(await Promise.all(pages))
}

/**
 * Returns `unread` for a journal that can't be read, such as one that a newer version wrote. The execution then reads the
 * journal again, and blocks its run if that fails too. The other runs of the claim start.
 */
async function readFirstPage(
  calls: ScriptCalls,
  lease: LeaseId,
  id: RunId,
  fence: number,
): Promise<JournalPage | 'gone'> {
  try {
    return await readJournal(calls, lease, id, fence, 0, firstPageBytes)
  } catch (error) {
    if (StoreUnavailableError.is(error)) throw error
    return unread
  }
}

/** Adds to each poisoned run how its workers were lost. */
function withLosses(calls: ScriptCalls, runs: readonly ClaimedRun[]): Promise<ClaimedRun[]> {
  return Promise.all(
    runs.map(async (run) =>
      run.failsAs === 'poisoned'
        ? { ...run, lossesSeen: countLosses(await readHistory(calls, run.id)) }
        : run,
    ),
  )
}

function claimedRun({ id, record, payload }: Taken, journal: JournalPage, { now, wall }: Moment): ClaimedRun {
  const { extras, deadlineAt } = record
  const { headers, input } = decodeGiven(payload)
  const run: Mutable<ClaimedRun> = {
    id,
    job: record.job,
    version: record.version,
    queue: record.queue,
    fence: record.fence,
    attempt: record.attempt,
    losses: record.losses,
    enqueuedAt: record.enqueuedAt - now + wall,
    tags: extras.t ?? noTags,
    headers,
    input,
    position: record.position,
    journalBytes: record.bytes,
    journal,
  }
  if (record.protect) run.protect = true
  if (extras.S !== undefined) run.schedule = extras.S
  if (extras.s !== undefined) run.scheduledFor = extras.s
  if (deadlineAt !== 0) run.deadlineInMs = deadlineAt - now
  if (isPoisoned(record)) run.failsAs = 'poisoned'
  else if (deadlineAt !== 0 && deadlineAt <= now) run.failsAs = 'timed out'
  return run
}

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] }
const noTags: readonly string[] = []
