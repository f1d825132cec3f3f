import { poisonLimit } from '../../model/poison.ts'
import { isEnd, nextState, type RunState, type RunTransition, type WaitingFor } from '../../model/run.ts'
import { keepExecution } from './executions.ts'
import { countFailed } from './failed-by.ts'
import { leaveLimits, passLimits } from './limits/execution-limits.ts'
import { type Blocked, type Cancel, expiryOf, type RunRow, type StoredWait } from './run-row.ts'
import { isSuspect } from './takers.ts'
import type { Transaction, WakeCount } from './transaction.ts'
import { moveKeys } from './unique-keys.ts'

/**
 * The fields that a transition changes besides the state; a missing field stays, or is cleared if the state has none.
 */
export interface TransitionFields {
  readonly lease?: string
  readonly fence?: number
  readonly wakeAt?: number
  readonly attempt?: number
  readonly losses?: number
  readonly streak?: number
  readonly startedAt?: number | null
  readonly deadlineAt?: number | null
  readonly expiresAt?: number | null
  readonly waiting?: StoredWait
  readonly cancel?: Cancel | null
  readonly blocked?: Blocked | null
  /** The failure for which it is failed. */
  readonly fingerprint?: string | undefined
  /** The execution that ends with this transition, for a repeated settle. */
  readonly settledFence?: number
  /** Makes it ready regardless of its limits: no worker could take it now anyway, and its claim asks again. */
  readonly pastLimits?: true
}

/**
 * The only function that changes the state of a run (P4). It keeps every index of places in step:
 * L1  a run is held iff its state is running or cancelling; only then it has a lease
 * L2  `due_at` is the earliest of wake, expiry and deadline that counts in the state, or null
 * L3  an ended run has an `ended_at` and a `prune_at`; a live one has neither
 * L4  a scheduled run that waits for an instant has it as `instant_at`. Its other times stay as they were computed at
 * the enqueue, so `due_at` may be early or late: `promote` corrects that
 * L5  only a failed run has a `fingerprint`, and `failed_by` counts it. An earlier version leaves a run its
 * fingerprint: the next transition, or the sweep, removes it
 * L6  a held run has when it became ready as `ready_at`, and so has one that completed
 */
export function applyTransition(
  tx: Transaction,
  run: RunRow,
  transition: RunTransition,
  to: TransitionFields = {},
): RunState {
  const reached = nextState(run.state, transition)
  if (reached === undefined) {
    throw new Error(`run ${run.id}: '${transition}' is no transition from '${run.state}' (see model/run.ts)`)
  }
  if (run.limited === 1) leaveLimits(tx, run, transition, reached)
  const line = reached === 'ready' && run.limited === 1 ? waitlistFor(tx, run, to) : undefined
  const state = line === undefined ? reached : 'waiting'
  const held = state === 'running' || state === 'cancelling'
  const ended = isEnd(state)
  const startedAt = to.startedAt === undefined ? run.started_at : to.startedAt
  const times = {
    wakeAt:
      line === undefined && (state === 'scheduled' || state === 'waiting') && transition !== 'line up'
        ? (to.wakeAt ?? run.wake_at)
        : null,
    expiresAt:
      startedAt !== null || ended ? null : to.expiresAt === undefined ? expiryOf(run, tx) : to.expiresAt,
    deadlineAt: ended ? null : to.deadlineAt === undefined ? run.deadline_at : to.deadlineAt,
  }
  if (run.lease !== null && !held)
    keepExecution(tx, run, transition, state === 'waiting' ? times.wakeAt : null)
  const cancel = to.cancel === undefined ? run.cancel : to.cancel === null ? null : JSON.stringify(to.cancel)
  tx.sql.run(
    `UPDATE runs SET state = ?, lease = ?, fence = ?, attempt = ?, losses = ?, streak = ?, wake_at = ?, instant_at = NULL, expires_at = ?,
       deadline_at = ?, due_at = ?, started_at = ?, changed_at = ?, ended_at = ?, prune_at = ?, settled_fence = ?,
       settled_state = ?, waiting = ?, cancel = ?, blocked = ?, fingerprint = ?, retried_at = ?, granted = 0, limit_turn = 0,
       ready_at = CASE ? WHEN 'claim' THEN changed_at WHEN 'order cancel' THEN ready_at WHEN 'complete' THEN ready_at END
       WHERE seq = ?`,
    state,
    held ? (to.lease ?? run.lease) : null,
    to.fence ?? run.fence,
    to.attempt ?? run.attempt,
    to.losses ?? run.losses,
    to.streak ?? run.streak,
    times.wakeAt,
    times.expiresAt,
    times.deadlineAt,
    dueAt(state, times),
    startedAt,
    tx.now,
    ended ? tx.now : null,
    ended ? tx.now + tx.retention[`${state}Ms`] : null,
    to.settledFence ?? run.settled_fence,
    to.settledFence === undefined ? run.settled_state : state,
    waitingOf(state, line, to),
    state === 'cancelling' || state === 'cancelled' ? cancel : null,
    to.blocked === undefined ? run.blocked : to.blocked === null ? null : JSON.stringify(to.blocked),
    to.fingerprint ?? null,
    transition === 'retry' ? tx.now : run.retried_at,
    transition,
    run.seq,
  )
  if (run.fingerprint !== null) countFailed(tx, run.fingerprint, -1)
  if (to.fingerprint !== undefined) countFailed(tx, to.fingerprint, 1)
  if (run.unique_key !== null) moveKeys(tx, run, { transition, state, startedAt })
  // A clock that went back must not give a negative time.
  const inStateMs = Math.max(0, tx.now - run.changed_at)
  const totalMs = ended ? Math.max(0, tx.now - (run.retried_at ?? run.enqueued_at)) : undefined
  tx.moves.push({ run, from: run.state, transition, state: reached, inStateMs, totalMs })
  if (line !== undefined) tx.moves.push({ run, from: reached, transition: 'line up', state, inStateMs: 0 })
  if (state === 'ready') announceReady(tx, { ...run, streak: to.streak ?? run.streak })
  return state
}

/** Returns the limiter whose waitlist a run that would be ready has to join. A run that is to be failed joins none. */
function waitlistFor(tx: Transaction, run: RunRow, to: TransitionFields): string | undefined {
  const deadlineAt = to.deadlineAt === undefined ? run.deadline_at : to.deadlineAt
  const fails = (deadlineAt !== null && deadlineAt <= tx.now) || (to.streak ?? run.streak) >= poisonLimit
  if (fails || to.pastLimits) return undefined
  const ready = { ...run, state: 'ready', streak: to.streak ?? run.streak } as const
  return passLimits(tx, ready, 'in order', to.attempt ?? run.attempt)
}

function waitingOf(state: RunState, line: string | undefined, to: TransitionFields): string | null {
  if (state !== 'waiting') return null
  if (line !== undefined) return JSON.stringify({ kind: 'limit', name: line } satisfies WaitingFor)
  return to.waiting ? JSON.stringify(to.waiting) : null
}

/** Moves a held run out of its slot: a run that was told to stop is cancelled, whatever the outcome. */
export function leaveSlot(
  tx: Transaction,
  run: RunRow,
  transition: RunTransition,
  to: TransitionFields = {},
): RunState {
  return applyTransition(tx, run, run.state === 'cancelling' ? 'end cancel' : transition, to)
}

/** Makes a class known to claims and counts it for the wake-up after the commit. */
export function announceReady(tx: Transaction, run: Announced): void {
  countWake(tx, run)
  tx.sql.run('INSERT OR IGNORE INTO classes VALUES (?, ?, ?)', run.job, run.version, run.queue)
}

type Announced = Pick<RunRow, 'job' | 'version' | 'queue'> & Partial<Pick<RunRow, 'seq' | 'streak'>>

/** After the commit one idle slot that could take such a run is woken. */
export function countWake(tx: Transaction, { seq, job, version, queue, streak = 0 }: Announced): void {
  const suspect = isSuspect({ streak })
  const key = JSON.stringify([job, version, queue, suspect])
  const known: WakeCount = tx.wakeCounts.get(key) ?? { job, version, queue, suspect, count: 0 }
  known.count++
  tx.wakeCounts.set(key, known)
  if (seq !== undefined) tx.wakeCountOf.set(seq, known)
}

/** A run that this transaction itself claims wakes no other worker. */
export function uncountWake(tx: Transaction, { seq }: Pick<RunRow, 'seq'>): void {
  const known = tx.wakeCountOf.get(seq)
  if (known === undefined) return
  known.count--
  tx.wakeCountOf.delete(seq)
}

interface Times {
  readonly wakeAt: number | null
  readonly expiresAt: number | null
  readonly deadlineAt: number | null
}

/** L2. A held run's worker keeps its deadline; a claim checks a ready one's. */
export function dueAt(state: RunState, times: Times): number | null {
  const counts: Partial<Record<RunState, (number | null)[]>> = {
    scheduled: [times.wakeAt, times.expiresAt],
    ready: [times.expiresAt],
    waiting: [times.wakeAt, times.deadlineAt, times.expiresAt],
    blocked: [times.deadlineAt],
  }
  const known = (counts[state] ?? []).filter((time) => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}
