import { countLosses, poisonLimit, suspectStreak } from '../../../model/poison.ts'
import type { RunId } from '../../../model/run-id.ts'
import { protectionLevel, protectionLevels } from '../../protection-level.ts'
import type {
  ClaimedRun,
  ClaimReply,
  ClaimRequest,
  LeaseId,
  Orders,
  QueueOrder,
  Settlement,
} from '../../store.ts'
import { readVersion } from '../../stored-version.ts'
import { applyTransition, uncountWake } from '../apply-transition.ts'
import { passLimits } from '../limits/execution-limits.ts'
import { markAllWaitlists } from '../limits/limit-key.ts'
import { wakeDueWaiters } from '../limits/wake-waiters.ts'
import { findRun, type PayloadRow, type RunRow, runBySeq } from '../run-row.ts'
import { shownAt } from '../store-clock.ts'
import { holdsSuspect } from '../takers.ts'
import type { Transaction } from '../transaction.ts'
import {
  claimableClasses,
  countProtected,
  isToAsk,
  queuesOf,
  type RunClass,
  readyRuns,
} from './claimable-classes.ts'
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
  readonly protection: number | null
}

/** The reply to a claim, as it is kept for a repeat. */
interface KeptReply {
  readonly runs: KeptRuns
  readonly protectedLeft: number
  readonly ask: boolean
}
/** The replies to the newest claim and to the previous one, which may be in flight beside it. */
interface KeptReplies extends KeptReply {
  readonly before?: KeptReply & { readonly n: number }
}
type KeptRuns = readonly (readonly [RunId, fence: number])[]

type Admitted = Pick<Extract<ClaimReply, { kind: 'claimed' }>, 'runs' | 'more' | 'protectedLeft' | 'ask'>

const noneLeft = { protectedLeft: 0, ask: false } as const
const noEntries = { entries: [], more: false } as const

/** A ready run as the merge sees it. */
type Head = Pick<RunRow, 'seq' | 'priority' | 'streak'>

export function claim(
  tx: Transaction,
  lease: LeaseId,
  n: number,
  request: ClaimRequest,
  settle: readonly Settlement[],
): ClaimReply {
  markSeen(tx)
  const claimant = tx.sql.get<Claimant>(
    'SELECT lease, drain_order, jobs, queues, queue_order, claim_n, claim_answer, protection FROM workers WHERE lease = ?',
    lease,
  )
  if (claimant === undefined) return { kind: 'lost' }
  if (n > claimant.claim_n && request.max > 0 && claimant.drain_order === 0) tx.claimer = lease
  if (n > claimant.claim_n) keepProtection(tx, claimant, request)
  const settled = settle.map((entry) => settleRun(tx, lease, entry))
  promote(tx)
  reclaimExpired(tx, lease)
  wakeDueWaiters(tx)

  const admitted = n > claimant.claim_n ? admit(tx, claimant, n, request) : repeat(tx, claimant, n)
  const nextDue = nextDueInMs(tx)
  return {
    kind: 'claimed',
    ...admitted,
    settled,
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

/**
 * R13: the same `n` returns the same runs as long as they are still held; one that is older, or comes late, returns
 * none.
 */
function repeat(tx: Transaction, claimant: Claimant, n: number): Admitted {
  const answers = answersOf(claimant)
  const kept = n === claimant.claim_n ? answers : answers.before?.n === n ? answers.before : undefined
  if (kept === undefined) return { runs: [], more: false, ...noneLeft }
  const { protectedLeft, ask } = kept
  const runs = kept.runs.flatMap(([id, fence]) => {
    const run = findRun(tx.sql, id)
    return run?.lease === claimant.lease && run.fence === fence ? [claimedRun(tx, run)] : []
  })
  return { runs, more: true, protectedLeft, ask }
}

/** An earlier release keeps the runs of one claim alone. */
function answersOf({ claim_answer }: Claimant): KeptReplies {
  const answer = JSON.parse(claim_answer) as KeptReplies | KeptRuns
  return 'runs' in answer ? answer : { ...noneLeft, runs: answer }
}

/** Before the waitlists are checked: which runs are served may depend on it. */
function keepProtection(tx: Transaction, { lease, protection }: Claimant, request: ClaimRequest): void {
  const level = protectionLevel(request, protection ?? undefined)
  if (level === protection) return
  tx.sql.run('UPDATE workers SET protection = ? WHERE lease = ?', level, lease)
  const { never } = protectionLevels
  // A worker that has not claimed counted as one that takes them (takers.ts).
  if ((protection !== never) !== (level !== never)) markAllWaitlists(tx)
}

function admit(tx: Transaction, claimant: Claimant, n: number, request: ClaimRequest): Admitted {
  const max = claimant.drain_order === 1 ? 0 : request.max
  const none = { takes: [], left: [] }
  const { takes, left } = max === 0 ? none : claimableClasses(tx, claimant, request)
  const heads = takeTurns(queueHeads(tx, claimant, takes, max), n)
  const sound = atMostOneSuspect(heads)
  const { runs, looked } = startUpTo(tx, sound, max, claimant.lease)
  const protectedLeft = countProtected(tx, claimant.lease, left)
  const ask = protectedLeft > 0 && request.mayAsk && isToAsk(tx, protectedLeft)
  if (ask) tx.told = claimant.lease
  const { before: _, ...last } = answersOf(claimant)
  const kept: KeptReplies = {
    ...{ runs: runs.map((run) => [run.id, run.fence] as const), protectedLeft, ask },
    before: { ...last, n: claimant.claim_n },
  }
  tx.sql.run(
    'UPDATE workers SET claim_n = ?, claim_answer = ?, idle = ? WHERE lease = ?',
    n,
    JSON.stringify(kept),
    Math.max(0, max - runs.length),
    claimant.lease,
  )
  // From here on runs that become ready are for any idle worker.
  tx.claimer = undefined
  return { runs, more: heads.length > looked || looked > runs.length, protectedLeft, ask }
}

/**
 * Returns the best ready runs of each open queue, one list per queue, one more than requested so that `more` is known.
 */
function queueHeads(
  tx: Transaction,
  claimant: Claimant,
  classes: readonly RunClass[],
  max: number,
): Head[][] {
  const byQueue = new Map<string, Head[]>()
  for (const runClass of classes) {
    const [queue] = runClass
    const heads = classHeads(tx, claimant.lease, runClass, max + 1)
    byQueue.set(queue, [...(byQueue.get(queue) ?? []), ...heads])
  }
  const best = (a: Head, b: Head): number => b.priority - a.priority || a.seq - b.seq
  const sorted = (names: readonly string[]): Head[][] =>
    names.map((queue) => (byQueue.get(queue) ?? []).sort(best))
  // In strict order all are one list: none of a later queue before the end of an earlier one.
  const queues = queuesOf(claimant)
  if (claimant.queue_order === 'strict' && queues !== undefined) return [sorted([...new Set(queues)]).flat()]
  return sorted([...byQueue.keys()].sort())
}

const inOrder = 'ORDER BY priority DESC, seq'
const soundHeads = `SELECT seq, priority, streak ${readyRuns} AND streak < ${suspectStreak} ${inOrder} LIMIT +?`
const suspectHead = `SELECT seq, priority, streak ${readyRuns} AND streak >= ${suspectStreak} ${inOrder} LIMIT 1`

function classHeads(tx: Transaction, lease: LeaseId, runClass: RunClass, limit: number): Head[] {
  const sound = tx.sql.all<Head>(soundHeads, ...runClass, tx.now, limit)
  const suspect = tx.sql.all<Head>(suspectHead, ...runClass, tx.now)
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

/** R17: one bad run must not make the runs beside it look like poison. */
function atMostOneSuspect(heads: readonly Head[]): Head[] {
  let taken = false
  return heads.filter((head) => {
    if (head.streak < suspectStreak) return true
    const first = !taken
    taken = true
    return first
  })
}

/** Returns the best runs that their limits admit; the others join the waitlist of the closed limit. */
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
    const closed =
      run.limited === 1 && !failsNow(tx, run) ? passLimits(tx, run, 'to take', run.attempt) : undefined
    if (closed === undefined) runs.push(startRun(tx, run, lease))
    else applyTransition(tx, run, 'line up', { waiting: { kind: 'limit', name: closed } })
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
  applyTransition(tx, run, 'claim', { lease, fence, startedAt: run.started_at ?? tx.now, deadlineAt })
  return claimedRun(tx, { ...run, fence, deadline_at: deadlineAt })
}

type Payload = Pick<PayloadRow, 'tags' | 'headers' | 'scheduled_for' | 'schedule'> & { input: Uint8Array }

function claimedRun(tx: Transaction, run: RunRow): ClaimedRun {
  const payload = tx.sql.get<Payload>(
    'SELECT input, tags, headers, scheduled_for, schedule FROM payloads WHERE seq = ?',
    run.seq,
  )
  if (payload === undefined) throw new Error(`run ${run.id} has no payload`)
  const left = run.deadline_at === null ? undefined : run.deadline_at - tx.now
  const failsAs =
    run.streak >= poisonLimit ? 'poisoned' : left !== undefined && left <= 0 ? 'timed out' : undefined
  return {
    id: run.id,
    job: run.job,
    ...readVersion(run.version),
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
