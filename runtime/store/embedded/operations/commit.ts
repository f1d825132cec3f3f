import { encodeError } from '../../../model/codec.ts'
import { InvalidOptionsError } from '../../../model/invalid-options-error.ts'
import { entryOverheadBytes, type JournalRecord } from '../../../model/journal.ts'
import {
  type Checkpoint,
  type CommitReply,
  commitLimits,
  type EntryReply,
  type LeaseId,
  type Settlement,
} from '../../store.ts'
import { countStepFailure } from '../failure-groups.ts'
import { wakeWaiters } from '../limits/wake-waiters.ts'
import { findRun } from '../run-row.ts'
import { isSuspect, suspectIsReady } from '../takers.ts'
import type { Transaction } from '../transaction.ts'
import { endAttempt } from './acquire.ts'
import { ordersOf } from './claim.ts'
import { settleRun } from './settle.ts'

/** A commit as it will be written: checkpoints are encoded and counted before the transaction begins (S5). */
export interface PreparedEntry {
  readonly entry: Checkpoint | Settlement
  readonly body: Uint8Array | null
}

/** @throws InvalidOptionsError for a batch over `commitLimits`. */
export function prepareCommit(entries: readonly (Checkpoint | Settlement)[]): PreparedEntry[] {
  const prepared = entries.map((entry) => ({
    entry,
    body: entry.kind === 'checkpoint' ? recordBody(entry.record) : null,
  }))
  const bytes = prepared.reduce((sum, { body }) => sum + (body?.length ?? 0), 0)
  const tooLarge = entries.length > 1 && bytes > commitLimits.bytes
  if (entries.length > commitLimits.entries || tooLarge) {
    throw new InvalidOptionsError(
      `a commit takes ${commitLimits.entries} entries and ${commitLimits.bytes} bytes`,
    )
  }
  return prepared
}

export function commit(tx: Transaction, lease: LeaseId, entries: readonly PreparedEntry[]): CommitReply {
  const answers = entries.map(({ entry, body }) =>
    entry.kind === 'settle' ? settleRun(tx, lease, entry) : append(tx, lease, entry, body),
  )
  // The same reply includes the keys that this commit opened.
  wakeWaiters(tx)
  const worker = tx.sql.get<{ drain_order: number }>('SELECT drain_order FROM workers WHERE lease = ?', lease)
  return { answers, orders: ordersOf(tx, lease, worker?.drain_order ?? 0) }
}

/** R15: accepted only as the next position of a run that this lease and fence own. */
function append(tx: Transaction, lease: LeaseId, entry: Checkpoint, body: Uint8Array | null): EntryReply {
  const { record } = entry
  if (record.phase === 'done' && record.waitedAt !== undefined) {
    const remainingMs = deadlineLeft(tx, entry.run, record.waitedAt)
    if (remainingMs > 0) return { kind: 'early', remainingMs }
  }
  const bytes = (body?.length ?? 0) + record.path.length + entryOverheadBytes
  const run = tx.sql.get<{ seq: number; streak: number }>(
    `UPDATE runs SET position = position + 1, journal_bytes = journal_bytes + ?
     WHERE id = ? AND lease = ? AND fence = ? AND position = ? RETURNING seq, streak`,
    bytes,
    entry.run,
    lease,
    entry.fence,
    entry.position - 1,
  )
  if (run === undefined) return whyRefused(tx, lease, entry)
  // Separate, because setting it rewrites the indexes of ready runs.
  if (run.streak > 0) tx.sql.run('UPDATE runs SET streak = 0 WHERE seq = ?', run.seq)
  // It counts as new: its lease may take another suspect now (R17).
  if (isSuspect(run) && suspectIsReady(tx)) tx.woken.add(lease)
  insertRecord(tx, run.seq, entry.position, record, body)
  if ('mark' in record && record.mark !== undefined) countStepFailure(tx, entry.run, record.mark)
  if (entry.limited) endLimits(tx, entry)
  return { kind: 'stored' }
}

/** In the same transaction: a slot is never free while its step's end is not stored. */
function endLimits(tx: Transaction, { run: id, record }: Checkpoint): void {
  const run = findRun(tx.sql, id)
  if (run !== undefined) endAttempt(tx, run, record.path, record.attempt)
}

function insertRecord(
  tx: Transaction,
  seq: number,
  position: number,
  record: JournalRecord,
  body: Uint8Array | null,
): void {
  const waits = record.phase === 'waiting' || record.phase === 'retrying'
  tx.sql.run(
    `INSERT INTO journal (run, position, path, kind, phase, once, attempt, duration_ms, at, until, waited_at, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    seq,
    position,
    record.path,
    record.kind,
    record.phase,
    record.once ? 1 : 0,
    record.attempt,
    record.durationMs,
    tx.now,
    waits ? tx.now + record.pauseMs : null,
    record.phase === 'done' ? (record.waitedAt ?? null) : null,
    body,
  )
}

function whyRefused(tx: Transaction, lease: LeaseId, entry: Checkpoint): EntryReply {
  const run = findRun(tx.sql, entry.run)
  if (run === undefined || run.lease !== lease || run.fence !== entry.fence) return { kind: 'gone' }
  return entry.position <= run.position ? { kind: 'stored' } : { kind: 'gap' }
}

function deadlineLeft(tx: Transaction, run: string, position: number): number {
  const waiting = tx.sql.get<{ until: number | null }>(
    'SELECT until FROM journal WHERE run = (SELECT seq FROM runs WHERE id = ?) AND position = ?',
    run,
    position,
  )
  return (waiting?.until ?? 0) - tx.now
}

function recordBody(record: JournalRecord): Uint8Array | null {
  if (record.phase === 'done') return record.value
  if (record.phase === 'failed' || record.phase === 'retrying') return encodeError(record.error)
  return null
}
