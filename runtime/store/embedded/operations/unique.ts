import { DuplicateRunError } from '../../../model/errors.ts'
import { isEnd } from '../../../model/run.ts'
import type { RunId } from '../../../model/run-id.ts'
import { keysOf, type UniqueClaim } from '../../../model/unique.ts'
import type { NewRun } from '../../new-run.ts'
import type { EnqueueReply, FreedKey } from '../../store.ts'
import { applyTransition } from '../apply-transition.ts'
import { findRun, type RunRow } from '../run-row.ts'
import { readSetting, writeSetting } from '../settings.ts'
import { note, type Transaction } from '../transaction.ts'
import { holderOf, holdsByState, isOverdue, keysOfRun, readKey, takeKey } from '../unique-keys.ts'

/** Decides a new run by its keys; with `created` and `replaced` it may be inserted, with its keys taken. */
export function admitByKey(tx: Transaction, run: NewRun, unique: UniqueClaim): EnqueueReply {
  const { id, job } = run
  const keys = keysOf(unique)
  const [holder, ...others] = new Set(keys.flatMap((key) => liveHolder(tx, job, key) ?? []))
  const answer =
    holder === undefined
      ? ({ outcome: 'created', id } as const)
      : meetHolders(tx, id, unique, [holder, ...others])
  if (answer.outcome === 'created' || answer.outcome === 'replaced') {
    const until = typeof unique.until === 'string' ? null : tx.now + unique.until.ms
    for (const key of keys) takeKey(tx, { job, key, run: id, until })
  }
  return answer
}

/** Two keys have two holders only if an earlier release took one of them for another input. */
function meetHolders(
  tx: Transaction,
  id: RunId,
  { onDuplicate }: UniqueClaim,
  holders: readonly [RunId, ...RunId[]],
): EnqueueReply {
  if (onDuplicate === 'join') return { outcome: 'joined', id: holders[0] }
  const replaceable: RunRow[] = []
  for (const holder of holders) {
    const held = onDuplicate === 'replace' ? findRun(tx.sql, holder) : undefined
    if (held === undefined || isEnd(held.state) || held.started_at !== null) {
      return { outcome: 'rejected', id, reason: 'duplicate', holder }
    }
    replaceable.push(held)
  }
  const cancel = { by: 'enqueue', reason: `replaced by run ${id}` }
  for (const held of replaceable) {
    note(tx, held.seq, { kind: 'cancel', ...cancel })
    applyTransition(tx, held, 'cancel', { cancel })
  }
  return { outcome: 'replaced', id, replaced: holders[0] }
}

/** Returns the holder of a key, after expiring a holder whose time to start is over. */
function liveHolder(tx: Transaction, job: string, key: string): RunId | undefined {
  const row = readKey(tx.sql, job, key)
  const run = row && findRun(tx.sql, row.run)
  if (run !== undefined && isOverdue(run, tx)) applyTransition(tx, run, 'expire')
  const holder = holderOf(tx.sql, tx, job, key)
  // Left over by a damaged store for a run that is gone, or a window that is over.
  if (row !== undefined && holder === undefined) {
    tx.sql.run('DELETE FROM unique_keys WHERE job = ? AND key = ?', job, key)
  }
  return holder
}

/** R29. @throws DuplicateRunError when the run would need its keys again and another one holds one of them. */
export function refuseHeldKeys(tx: Transaction, run: RunRow): void {
  const inWindow = (run.unique_until ?? 0) > tx.now
  if (!inWindow && !holdsByState({ ...run, state: 'ready', started_at: null })) return
  for (const key of keysOfRun(run)) {
    const holder = holderOf(tx.sql, tx, run.job, key)
    if (holder !== undefined && holder !== run.id) {
      throw new DuplicateRunError(holder, { job: run.job, key }, run.id)
    }
  }
}

/** Before a retry takes its keys: see `liveHolder`. */
export function expireHolders(tx: Transaction, run: RunRow): void {
  for (const key of keysOfRun(run)) liveHolder(tx, run.job, key)
}

/**
 * Deletes windows that are over, and keys whose run is gone or has freed them; inspects a bounded part each time.
 * Returns those that outlived their run by a fault: not the canonical ones that an earlier release left (U2).
 */
export function sweepKeys(tx: Transaction, limit: number): FreedKey[] {
  tx.sql.run(
    'DELETE FROM unique_keys WHERE n IN (SELECT n FROM unique_keys WHERE until <= ? LIMIT +?)',
    tx.now,
    Math.max(limit, 1_000),
  )
  const from = readSetting(tx.sql, 'keys_swept_to') ?? 0
  const page = tx.sql.all<FreedKey & { n: number }>(
    'SELECT n, job, key, run FROM unique_keys WHERE n > ? AND until IS NULL ORDER BY n LIMIT +?',
    from,
    limit,
  )
  const to = page.length < limit ? 0 : (page.at(-1)?.n ?? 0)
  if (to !== from) writeSetting(tx.sql, 'keys_swept_to', to)
  return page.flatMap(({ n, ...freed }) => {
    const run = findRun(tx.sql, freed.run)
    if (run !== undefined && holdsByState(run)) return []
    tx.sql.run('DELETE FROM unique_keys WHERE n = ?', n)
    return run?.canonical_key === freed.key ? [] : [freed]
  })
}
