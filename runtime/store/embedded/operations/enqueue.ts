import type { WaitingFor } from '../../../model/run.ts'
import type { RunId } from '../../../model/run-id.ts'
import type { UniqueClaim } from '../../../model/unique.ts'
import { type EnqueuePart, enqueueLimits } from '../../enqueue-outbox.ts'
import type { NewRun } from '../../new-run.ts'
import { type EnqueueReply, maxPollMs } from '../../store.ts'
import { storedVersion } from '../../stored-version.ts'
import { enqueueRequest, untilCode } from '../../unique-until.ts'
import { announceReady, countWake, dueAt } from '../apply-transition.ts'
import { passLimits } from '../limits/execution-limits.ts'
import { saveLimitRequest } from '../limits/limit-request.ts'
import { findRun } from '../run-row.ts'
import { storeTimeOf } from '../store-clock.ts'
import { answered, keepReply, type Transaction } from '../transaction.ts'
import { admitByKey } from './unique.ts'

export function enqueue(tx: Transaction, runs: readonly NewRun[]): EnqueueReply[] {
  return runs.map((run) => insertRun(tx, run))
}

/** Splits the runs of one call into parts within `enqueueLimits`. */
export function* partsOf(all: readonly NewRun[]): Generator<EnqueuePart> {
  let [runs, bytes]: [NewRun[], number] = [[], 0]
  for (const run of all) {
    const isFull = runs.length === enqueueLimits.runs || bytes + run.input.length > enqueueLimits.bytes
    if (isFull && runs.length > 0) {
      yield { runs, bytes }
      ;[runs, bytes] = [[], 0]
    }
    runs.push(run)
    bytes += run.input.length
  }
  if (runs.length > 0) yield { runs, bytes }
}

/** The result of an enqueue with a unique key, for its repeats. */
interface Kept {
  readonly job: string
  readonly inputDigest: string
  readonly canonicalDigest?: string
  readonly answer: EnqueueReply
}

function insertRun(tx: Transaction, run: NewRun): EnqueueReply {
  const before = run.unique && answered<Kept>(tx, enqueueRequest(run.id))
  if (before !== undefined) return isSame(before, run) ? before.answer : idConflict(run)
  const known = tx.sql.get<Known>(
    `SELECT job, input_digest AS inputDigest, canonical_digest AS canonicalDigest
     FROM runs JOIN payloads USING (seq) WHERE id = ?`,
    run.id,
  )
  if (known !== undefined) return isSame(known, run) ? { outcome: 'joined', id: run.id } : idConflict(run)
  if (tx.sql.get('SELECT 1 FROM tombstones WHERE id = ?', run.id)) return { outcome: 'joined', id: run.id }
  return run.unique === undefined ? insertRows(tx, run) : insertUnique(tx, run, run.unique)
}

/** The existing run that an enqueue met. */
export function duplicateOf(tx: Transaction, id: RunId): RunId | undefined {
  const answer = answered<Kept>(tx, enqueueRequest(id))?.answer
  if (answer?.outcome === 'joined') return answer.id
  return answer?.outcome === 'rejected' && answer.reason === 'duplicate' ? answer.holder : undefined
}

interface Known {
  readonly job: string
  readonly inputDigest: string
  readonly canonicalDigest?: string | null
}

/** By both digests: an input stored by an earlier release has only the written one. */
function isSame(known: Known, run: NewRun): boolean {
  if (known.job !== run.job) return false
  const canonical = known.canonicalDigest ?? known.inputDigest
  return known.inputDigest === run.inputDigest || canonical === (run.canonicalDigest ?? run.inputDigest)
}

function idConflict({ id }: NewRun): EnqueueReply {
  return { outcome: 'rejected', id, reason: 'id conflict' }
}

function insertUnique(tx: Transaction, run: NewRun, unique: UniqueClaim): EnqueueReply {
  const answer = admitByKey(tx, run, unique)
  if (answer.outcome === 'created' || answer.outcome === 'replaced') insertRows(tx, run)
  if (answer.outcome === 'created') return answer
  // A repeat after the holder's end must create no run.
  const { job, inputDigest, canonicalDigest } = run
  const canonical = canonicalDigest === undefined ? {} : { canonicalDigest }
  keepReply<Kept>(tx, enqueueRequest(run.id), { job, inputDigest, ...canonical, answer })
  return answer
}

function insertRows(tx: Transaction, run: NewRun): EnqueueReply {
  const readyAt = readyTime(tx, run.start)
  const state = readyAt > tx.now ? 'scheduled' : 'ready'
  const times = {
    wakeAt: state === 'scheduled' ? readyAt : null,
    expiresAt: run.expiresInMs === undefined ? null : Math.max(readyAt, tx.now) + run.expiresInMs,
    deadlineAt: null,
  }
  // Workers know when the earliest timer is due; an earlier one is news to them.
  const firstTimer =
    state === 'scheduled' && tx.sql.get('SELECT 1 FROM runs WHERE due_at <= ? LIMIT 1', readyAt) === undefined
  tx.sql.run(
    `INSERT INTO runs (id, job, version, queue, priority, state, wake_at, expires_at, due_at, instant_at, timeout_ms,
       enqueued_at, changed_at, unique_key, canonical_key, unique_until)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    run.id,
    run.job,
    storedVersion(run),
    run.queue,
    run.priority,
    state,
    times.wakeAt,
    times.expiresAt,
    dueAt(state, times),
    state === 'scheduled' && run.start.kind === 'at' ? run.start.at : null,
    run.timeoutMs ?? null,
    tx.now,
    tx.now,
    run.unique?.key ?? null,
    run.unique?.canonicalKey ?? null,
    run.unique === undefined ? null : untilCode(run.unique.until, tx.now),
  )
  tx.sql.run(
    `INSERT INTO payloads (seq, input, input_digest, canonical_digest, tags, headers, scheduled_for, schedule)
     VALUES (last_insert_rowid(), ?, ?, ?, ?, ?, ?, ?)`,
    run.input,
    run.inputDigest,
    run.canonicalDigest ?? null,
    JSON.stringify(run.tags),
    JSON.stringify(run.headers),
    run.scheduledFor ?? null,
    run.schedule ?? null,
  )
  for (const tag of new Set(run.tags)) {
    tx.sql.run('INSERT INTO tags SELECT ?, seq FROM runs WHERE id = ?', tag, run.id)
  }
  tx.moves.push({ run, transition: 'enqueue', state, inStateMs: 0 })
  const inLine = run.limits !== undefined && run.limits.length > 0 && passOrLineUp(tx, run, state)
  if (inLine) return { outcome: 'created', id: run.id }
  const { job, queue } = run
  const announced = { job, version: storedVersion(run), queue }
  if (state === 'ready') announceReady(tx, announced)
  else if (firstTimer && readyAt - tx.now < maxPollMs) countWake(tx, announced)
  return { outcome: 'created', id: run.id }
}

/** Returns when a new run is ready, in the store's time. */
function readyTime(tx: Transaction, start: NewRun['start']): number {
  switch (start.kind) {
    case 'now':
      return tx.now
    case 'in':
      return tx.now + start.ms
    case 'at':
      return storeTimeOf(tx, start.at)
  }
}

/** Stores the limits of a new run. Returns whether it joins the waitlist of one. */
function passOrLineUp(tx: Transaction, run: NewRun, state: 'scheduled' | 'ready'): boolean {
  const row = findRun(tx.sql, run.id)
  if (row === undefined) return false
  saveLimitRequest(tx, row.seq, { path: '', takes: (run.limits ?? []).map((use) => ({ ...use })) })
  tx.sql.run('UPDATE runs SET limited = 1 WHERE seq = ?', row.seq)
  const limiter = state === 'ready' ? passLimits(tx, row, 'in order', 1) : undefined
  if (limiter === undefined) return false
  tx.sql.run(
    "UPDATE runs SET state = 'waiting', waiting = ? WHERE seq = ?",
    JSON.stringify({ kind: 'limit', name: limiter } satisfies WaitingFor),
    row.seq,
  )
  tx.moves.push({ run, from: state, transition: 'line up', state: 'waiting', inStateMs: 0 })
  return true
}
