import { countLosses, poisonLimit, suspectStreak } from '../../../model/poison.ts'
import type { RunId } from '../../../model/run-id.ts'
import type {
  ClaimAnswer,
  ClaimedRun,
  ClaimRequest,
  LeaseId,
  Orders,
  QueueOrder,
  Settlement,
  WorkerJob,
} from '../../store.ts'
import { nudgeDue } from '../limits/nudge.ts'
import { claimLimits } from '../limits/stay-limits.ts'
import { place, uncountWake } from '../place.ts'
import { findRun, type RunRow, runBySeq } from '../run-row.ts'
import { shownAt } from '../store-clock.ts'
import { holdsSuspect } from '../takers.ts'
import type { Transaction } from '../transaction.ts'
import { inspectHistory } from './inspect.ts'
import { firstPageBytes, journalPage } from './journal-page.ts'
import { nextDueInMs, promote } from './promote.ts'
import { markSeen, reclaimExpired } from './reclaim.ts'
import { settleRun } from './settle.ts'

interface Claimant {
  readonly lease: LeaseId
  readonly drain_order: number
  readonly jobs: string
  readonly queues: string | null
  readonly queue_order: QueueOrder
  readonly claim_n: number
  readonly claim_answer: string
}

const noEntries = { entries: [], more: false } as const

/** A ready run as the merge sees it. */
interface Head {
  readonly seq: number
  readonly priority: number
  readonly streak: number
}

export function claim(
  tx: Transaction,
  lease: LeaseId,
  n: number,
  request: ClaimRequest,
  settle: readonly Settlement[],
): ClaimAnswer {
  markSeen(tx)
  const claimant = tx.sql.get<Claimant>(
    'SELECT lease, drain_order, jobs, queues, queue_order, claim_n, claim_answer FROM workers WHERE lease = ?',
    lease,
  )
  if (claimant === undefined) return { kind: 'lost' }
  if (n > claimant.claim_n && request.max > 0 && claimant.drain_order === 0) tx.claimer = lease
  const settled = settle.map((entry) => settleRun(tx, lease, entry))
  promote(tx)
  reclaimExpired(tx, lease)
  nudgeDue(tx)

  const { runs, more } = n > claimant.claim_n ? admit(tx, claimant, n, request) : repeat(tx, claimant, n)
  const nextDue = nextDueInMs(tx)
  return {
    kind: 'claimed',
    runs,
    settled,
    more,
    ...(nextDue === undefined ? {} : { nextDueInMs: nextDue }),
    orders: ordersOf(tx, lease, claimant.drain_order),
  }
}

export function ordersOf(tx: Transaction, lease: LeaseId, drainOrder: number): Orders {
  const cancel = tx.sql.all<{ id: RunId }>(
    "SELECT id FROM runs WHERE lease = ? AND state = 'cancelling'",
    lease,
  )
  const granted = tx.sql.all<{ id: RunId }>('SELECT id FROM runs WHERE lease = ? AND granted = 1', lease)
  return { drain: drainOrder === 1, cancel: cancel.map(({ id }) => id), granted: granted.map(({ id }) => id) }
}

/** R13: the same `n` answers the same runs as long as they are still held; an older one answers nothing. */
function repeat(tx: Transaction, claimant: Claimant, n: number): { runs: ClaimedRun[]; more: boolean } {
  if (n < claimant.claim_n) return { runs: [], more: false }
  const kept = JSON.parse(claimant.claim_answer) as [RunId, number][]
  const runs = kept.flatMap(([id, fence]) => {
    const run = findRun(tx.sql, id)
    return run?.lease === claimant.lease && run.fence === fence ? [claimedRun(tx, run)] : []
  })
  return { runs, more: true }
}

function admit(
  tx: Transaction,
  claimant: Claimant,
  n: number,
  request: ClaimRequest,
): { runs: ClaimedRun[]; more: boolean } {
  const max = claimant.drain_order === 1 ? 0 : request.max
  const heads = max === 0 ? [] : takeTurns(queueHeads(tx, claimant, max), n)
  const sound = atMostOneSuspect(heads)
  const { runs, looked } = startUpTo(tx, sound, max, claimant.lease)
  tx.sql.run(
    'UPDATE workers SET claim_n = ?, claim_answer = ?, idle = ? WHERE lease = ?',
    n,
    JSON.stringify(runs.map((run) => [run.id, run.fence])),
    Math.max(0, max - runs.length),
    claimant.lease,
  )
  // From here on what becomes ready is for whoever is idle.
  tx.claimer = undefined
  return { runs, more: heads.length > looked || looked > runs.length }
}

/** The best ready runs of each open queue, one list per queue, one more than asked so that `more` is known. */
function queueHeads(tx: Transaction, claimant: Claimant, max: number): Head[][] {
  const queues = claimant.queues === null ? undefined : (JSON.parse(claimant.queues) as string[])
  const byQueue = new Map<string, Head[]>()
  for (const job of JSON.parse(claimant.jobs) as WorkerJob[]) {
    for (const { queue, version } of openClasses(tx, job)) {
      if (queues !== undefined && !queues.includes(queue)) continue
      const heads = classHeads(tx, claimant.lease, [queue, job.name, version], max + 1)
      byQueue.set(queue, [...(byQueue.get(queue) ?? []), ...heads])
    }
  }
  const best = (a: Head, b: Head): number => b.priority - a.priority || a.seq - b.seq
  const sorted = (names: readonly string[]): Head[][] =>
    names.map((queue) => (byQueue.get(queue) ?? []).sort(best))
  // In strict order all are one list: none of a later queue before the end of an earlier one.
  if (claimant.queue_order === 'strict' && queues !== undefined) return [sorted([...new Set(queues)]).flat()]
  return sorted([...byQueue.keys()].sort())
}

function openClasses(tx: Transaction, job: WorkerJob): { queue: string; version: number }[] {
  return tx.sql.all(
    `SELECT queue, version FROM classes
     WHERE job = ? AND version <= ? AND queue NOT IN (SELECT queue FROM paused)`,
    job.name,
    job.version,
  )
}

function classHeads(
  tx: Transaction,
  lease: LeaseId,
  runClass: readonly [queue: string, job: string, version: number],
  limit: number,
): Head[] {
  // Not every expired run has been moved by now: `promote` takes a bounded number at once.
  const ready =
    "FROM runs WHERE state = 'ready' AND queue = ? AND job = ? AND version = ? AND (expires_at IS NULL OR expires_at > ?)"
  const order = 'ORDER BY priority DESC, seq LIMIT'
  const sound = tx.sql.all<Head>(
    `SELECT seq, priority, streak ${ready} AND streak < ${suspectStreak} ${order} +?`,
    ...runClass,
    tx.now,
    limit,
  )
  const suspect = tx.sql.all<Head>(
    `SELECT seq, priority, streak ${ready} AND streak >= ${suspectStreak} ${order} 1`,
    ...runClass,
    tx.now,
  )
  return suspect.length === 0 || holdsSuspect(tx, lease) ? sound : [...sound, ...suspect]
}

/** One run of each queue in turn, beginning at another queue each time. */
function takeTurns(queues: readonly Head[][], turn: number): Head[] {
  const order = queues.map((_, i) => queues[(turn + i) % queues.length] ?? [])
  const longest = Math.max(0, ...order.map((heads) => heads.length))
  const merged: Head[] = []
  for (let i = 0; i < longest; i++) {
    for (const heads of order) {
      const head = heads[i]
      if (head !== undefined) merged.push(head)
    }
  }
  return merged
}

/** R17: one bad run must not convict those beside it. */
function atMostOneSuspect(heads: readonly Head[]): Head[] {
  let taken = false
  return heads.filter((head) => {
    if (head.streak < suspectStreak) return true
    const first = !taken
    taken = true
    return first
  })
}

/** The best runs that their limits admit; the others go into the line of the limit that is closed. */
function startUpTo(
  tx: Transaction,
  heads: readonly Head[],
  max: number,
  lease: LeaseId,
): { readonly runs: ClaimedRun[]; readonly looked: number } {
  const runs: ClaimedRun[] = []
  let looked = 0
  for (const { seq } of heads) {
    if (runs.length === max) break
    looked++
    const run = runBySeq(tx.sql, seq)
    if (run === undefined) throw new Error(`run ${seq} vanished inside a claim`)
    const closed = run.limited === 1 && !failsNow(tx, run) ? claimLimits(tx, run) : undefined
    if (closed === undefined) runs.push(startRun(tx, run, lease))
    else place(tx, run, 'line up', { waiting: { kind: 'limit', name: closed } })
  }
  return { runs, looked }
}

/** A run that is claimed only to be failed needs no limit. */
function failsNow(tx: Transaction, run: RunRow): boolean {
  return run.streak >= poisonLimit || (run.deadline_at !== null && run.deadline_at <= tx.now)
}

function startRun(tx: Transaction, run: RunRow, lease: LeaseId): ClaimedRun {
  uncountWake(tx, run)
  const fence = Math.max(run.fence + 1, tx.now)
  const deadlineAt = run.deadline_at ?? (run.timeout_ms === null ? null : tx.now + run.timeout_ms)
  place(tx, run, 'claim', { lease, fence, startedAt: run.started_at ?? tx.now, deadlineAt })
  return claimedRun(tx, { ...run, fence, deadline_at: deadlineAt })
}

function claimedRun(tx: Transaction, run: RunRow): ClaimedRun {
  const payload = tx.sql.get<{
    input: Uint8Array
    tags: string
    headers: string
    scheduled_for: number | null
    schedule: string | null
  }>('SELECT input, tags, headers, scheduled_for, schedule FROM payloads WHERE seq = ?', run.seq)
  if (payload === undefined) throw new Error(`run ${run.id} has no payload`)
  const left = run.deadline_at === null ? undefined : run.deadline_at - tx.now
  const failsAs =
    run.streak >= poisonLimit ? 'poisoned' : left !== undefined && left <= 0 ? 'timed out' : undefined
  return {
    id: run.id,
    job: run.job,
    version: run.version,
    queue: run.queue,
    fence: run.fence,
    attempt: run.attempt,
    losses: run.losses,
    enqueuedAt: shownAt(tx, run.enqueued_at),
    ...(payload.schedule === null ? {} : { schedule: payload.schedule }),
    ...(payload.scheduled_for === null ? {} : { scheduledFor: payload.scheduled_for }),
    tags: JSON.parse(payload.tags) as string[],
    headers: JSON.parse(payload.headers) as Record<string, string>,
    input: payload.input,
    position: run.position,
    journalBytes: run.journal_bytes,
    journal: run.position === 0 ? noEntries : journalPage(tx.sql, tx, run.seq, 0, firstPageBytes),
    ...(left === undefined ? {} : { deadlineInMs: left }),
    ...(failsAs === undefined ? {} : { failsAs }),
    ...(failsAs === 'poisoned' ? { lossesSeen: countLosses(inspectHistory(tx.sql, tx, run.id)) } : {}),
  }
}
