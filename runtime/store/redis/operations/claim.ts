import { StoreFormatError } from '../../../model/errors.ts'
import { countLosses } from '../../../model/poison.ts'
import type { RunId } from '../../../model/run-id.ts'
import { protectionLevel } from '../../protection-level.ts'
import type { ClaimAnswer, ClaimedRun, ClaimRequest, JournalPage, LeaseId, Settlement } from '../../store.ts'
import type { Argument, Reply } from '../redis-link.ts'
import { decodeGiven, decodeRecord, isPoisoned, type RunRecord } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { readHistory } from './inspect.ts'
import { firstPageBytes, readJournal } from './journal.ts'
import { answerOf, encodeSettlement, ordersOf } from './settlement.ts'

/** The store's time, and what the server's clock shows. */
interface Moment {
  readonly now: number
  readonly wall: number
}

interface Taken {
  readonly id: string
  readonly record: RunRecord
  readonly given: Buffer
}

const noEntries: JournalPage = { entries: [], more: false }
const unread: JournalPage = { entries: [], more: true }

export async function claim(
  calls: ScriptCalls,
  lease: LeaseId,
  n: number,
  request: ClaimRequest,
  settle: readonly Settlement[],
): Promise<ClaimAnswer> {
  const journals: string[] = []
  const settlements: Argument[] = settle.flatMap((entry) => encodeSettlement(entry, calls.keys, journals))
  const level = protectionLevel(request, undefined)
  const reply = await calls.run('claim', [lease, n, request.max, level, ...settlements], journals)
  if (!Array.isArray(reply)) return { kind: 'lost' }
  const [time, more, dueIn, orders, settled, runs, protectedLeft, ask] = reply as [
    Buffer,
    number,
    number,
    Reply,
    Reply[],
    Buffer[][],
    number,
    number,
  ]
  const [now = 0, wall = 0] = String(time).split(' ').map(Number)
  return {
    kind: 'claimed',
    runs: await withLosses(calls, await withJournals(calls, lease, runs.map(takenOf), { now, wall })),
    settled: settled.map(answerOf),
    more: more === 1,
    protectedLeft,
    ask: ask === 1,
    ...(dueIn < 0 ? {} : { nextDueInMs: dueIn }),
    orders: ordersOf(orders),
  }
}

function takenOf([id, record, given]: readonly Buffer[]): Taken {
  const decoded = decodeRecord(record ?? Buffer.alloc(0))
  return { id: String(id), record: decoded, given: given?.length ? given : decoded.given }
}

/** A new run has no journal; those of resumed ones come with a second, fenced look. */
async function withJournals(
  calls: ScriptCalls,
  lease: LeaseId,
  taken: readonly Taken[],
  moment: Moment,
): Promise<ClaimedRun[]> {
  const resumed = taken.filter(({ record }) => record.position > 0)
  if (resumed.length === 0) return taken.map((run) => claimedRun(run, noEntries, moment))
  const pages = await Promise.all(
    resumed.map(({ id, record }) => readFirstPage(calls, lease, id, record.fence)),
  )
  const byRun = new Map(resumed.map(({ id }, i) => [id, pages[i]]))
  return taken.flatMap((run) => {
    const page = byRun.get(run.id) ?? noEntries
    // Lost between the two: nothing of it may begin.
    return page === 'gone' ? [] : [claimedRun(run, page, moment)]
  })
}

/** A journal that only a newer version can read blocks its own run, once the execution reads it again, and no other. */
async function readFirstPage(
  calls: ScriptCalls,
  lease: LeaseId,
  id: RunId,
  fence: number,
): Promise<JournalPage | 'gone'> {
  try {
    return await readJournal(calls, lease, id, fence, 0, firstPageBytes)
  } catch (error) {
    if (StoreFormatError.is(error)) return unread
    throw error
  }
}

/** Those that fail as poisoned are told how their workers were lost. */
function withLosses(calls: ScriptCalls, runs: readonly ClaimedRun[]): Promise<ClaimedRun[]> {
  return Promise.all(
    runs.map(async (run) =>
      run.failsAs === 'poisoned'
        ? { ...run, lossesSeen: countLosses(await readHistory(calls, run.id)) }
        : run,
    ),
  )
}

function claimedRun({ id, record, given }: Taken, journal: JournalPage, { now, wall }: Moment): ClaimedRun {
  const left = record.deadlineAt === 0 ? undefined : record.deadlineAt - now
  const failsAs = isPoisoned(record) ? 'poisoned' : left !== undefined && left <= 0 ? 'timed out' : undefined
  return {
    id,
    job: record.job,
    version: record.version,
    ...(record.protect ? { protect: true } : {}),
    queue: record.queue,
    fence: record.fence,
    attempt: record.attempt,
    losses: record.losses,
    enqueuedAt: record.enqueuedAt - now + wall,
    ...(record.extras.S === undefined ? {} : { schedule: record.extras.S }),
    ...(record.extras.s === undefined ? {} : { scheduledFor: record.extras.s }),
    tags: record.extras.t ?? [],
    ...decodeGiven(given),
    position: record.position,
    journalBytes: record.bytes,
    journal,
    ...(left === undefined ? {} : { deadlineInMs: left }),
    ...(failsAs === undefined ? {} : { failsAs }),
  }
}
