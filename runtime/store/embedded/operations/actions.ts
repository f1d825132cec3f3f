import { DuplicateRunError, UnknownActionError } from '../../../model/errors.ts'
import type { OperatorWrite } from '../../../model/operator-write.ts'
import type { RunId } from '../../../model/run-id.ts'
import type { StepPath } from '../../../model/step-path.ts'
import { judge, type Refusal, refusalText, yetToBegin } from '../../action-refusal.ts'
import {
  type ActionChunk,
  type ActionInfo,
  type ActionKind,
  type ActionRefusal,
  keepActionsMs,
  maxRefusals,
  type NewAction,
  type RunForecast,
} from '../../actions.ts'
import { onceRefusal, planActionRetry } from '../../plan-retry.ts'
import { actionReason, minAgeOf } from '../../read-action.ts'
import type { Sql } from '../database.ts'
import { limitRequestsOf } from '../limits/limit-request.ts'
import { logOperation } from '../operation-log.ts'
import { findRun, type RunRow } from '../run-row.ts'
import { type Moment, shownAt } from '../store-clock.ts'
import type { Transaction } from '../transaction.ts'
import { cancelRun } from './cancel.ts'
import { removeRun } from './remove.ts'
import { retryLines, retryRun } from './retry.ts'
import { refuseHeldKeys } from './unique.ts'

interface ActionRow {
  readonly id: string
  readonly begun: string
  readonly started_at: number
  readonly ended_at: number | null
  readonly cursor: string | null
  readonly done: number
  readonly refused: number
  readonly refusals: string
}

export function beginAction(tx: Transaction, action: NewAction): ActionInfo {
  const { id, ...begun } = action
  const created = tx.sql.run(
    `INSERT OR IGNORE INTO actions (id, begun, started_at, touched_at, cursor, done, refused, refusals)
     VALUES (?, ?, ?, ?, '', 0, 0, '[]')`,
    id,
    JSON.stringify(begun),
    tx.now,
    tx.now,
  )
  if (created > 0) {
    const { action: kind, by, reason, matching } = action
    logOperation(tx, {
      operation: 'begin action',
      subject: id,
      by,
      reason,
      count: matching,
      details: { kind },
    })
  }
  return toInfo(tx, knownAction(tx.sql, id))
}

export function applyAction(tx: Transaction, { action: id, from, next, runs }: ActionChunk): ActionInfo {
  const row = knownAction(tx.sql, id)
  if (row.cursor !== from) return toInfo(tx, row)
  const action = actionOf(row)
  const judging = { begunAt: row.started_at, minAgeMs: minAgeOf(action) }
  const refusals: ActionRefusal[] = []
  let done = 0
  for (const entry of runs) {
    const run = findRun(tx.sql, entry.run)
    const judged = judge(action.action, run && judgedOf(run), entry.state, judging)
    if (judged === 'newer') continue
    const refusal = judged ?? (run && carryOut(tx, run, action))
    if (refusal === undefined) done++
    else refusals.push({ run: entry.run, reason: refusalText(action.action, refusal) })
  }
  const kept = [...(JSON.parse(row.refusals) as ActionRefusal[]), ...refusals].slice(0, maxRefusals)
  tx.sql.run(
    `UPDATE actions SET touched_at = ?, ended_at = ?, cursor = ?, done = done + ?, refused = refused + ?, refusals = ?
     WHERE id = ?`,
    tx.now,
    next === undefined ? tx.now : null,
    next ?? null,
    done,
    refusals.length,
    JSON.stringify(kept),
    id,
  )
  const applied = knownAction(tx.sql, id)
  if (next === undefined) logEnd(tx, applied, action)
  return toInfo(tx, applied)
}

export function endAction(tx: Transaction, id: string, { by, reason }: OperatorWrite): ActionInfo {
  const row = knownAction(tx.sql, id)
  const ended = tx.sql.run(
    'UPDATE actions SET touched_at = ?, ended_at = ?, cursor = NULL WHERE id = ? AND ended_at IS NULL',
    tx.now,
    tx.now,
    id,
  )
  if (ended > 0) logEnd(tx, row, { by, reason })
  return toInfo(tx, knownAction(tx.sql, id))
}

function logEnd(
  tx: Transaction,
  row: ActionRow,
  { by, reason }: { readonly by: string; readonly reason?: string | undefined },
): void {
  const { id, done, refused } = row
  const details = { kind: actionOf(row).action, refused }
  logOperation(tx, { operation: 'end action', subject: id, by, reason, count: done, details })
}

/** Returns why the run is refused; nothing of it was changed then. */
function carryOut(tx: Transaction, run: RunRow, action: NewAction): Refusal | undefined {
  const told = { by: action.by, reason: actionReason(action) }
  if (action.action === 'cancel') cancelRun(tx, run, told)
  if (action.action === 'remove') removeRun(tx, run)
  if (action.action !== 'retry') return undefined
  const { lines, escaped } = retryLines(tx, run)
  const planned = planActionRetry({ ...run, escaped }, lines, action.runAgain ?? [])
  if (planned.kind === 'refused') return { kind: 'once', text: onceRefusal(planned.inTheWay) }
  const duplicate = heldByOther(tx, run)
  if (duplicate === undefined) retryRun(tx, run, planned.dropped, told)
  return duplicate
}

function heldByOther(tx: Transaction, run: RunRow): Refusal | undefined {
  try {
    refuseHeldKeys(tx, run)
    return undefined
  } catch (error) {
    if (!DuplicateRunError.is(error)) throw error
    return { kind: 'duplicate', holder: error.runId, key: run.unique_key ?? '' }
  }
}

export function planAction(
  tx: Transaction,
  kind: ActionKind,
  runs: readonly RunId[],
  runAgain: readonly StepPath[],
): RunForecast[] {
  return runs.map((id) => {
    const run = findRun(tx.sql, id)
    const limiters = run === undefined ? [] : limitersOf(tx, run)
    const state = run === undefined ? {} : { state: run.state }
    const base = { run: id, ...state, inTheWay: [], runsAgain: [], limiters }
    const refusal = judge(kind, run && judgedOf(run), undefined, yetToBegin)
    if (refusal !== undefined && refusal !== 'newer') {
      return { ...base, refused: refusalText(kind, refusal) }
    }
    return run === undefined || kind !== 'retry' ? base : { ...base, ...retryForecast(tx, run, runAgain) }
  })
}

function retryForecast(tx: Transaction, run: RunRow, runAgain: readonly StepPath[]): Partial<RunForecast> {
  const { lines, escaped } = retryLines(tx, run)
  const planned = planActionRetry({ ...run, escaped }, lines, runAgain)
  if (planned.kind === 'refused') {
    return { refused: onceRefusal(planned.inTheWay), inTheWay: planned.inTheWay }
  }
  const duplicate = heldByOther(tx, run)
  if (duplicate !== undefined) return { refused: refusalText('retry', duplicate) }
  return { runsAgain: planned.answer.runsAgain }
}

function limitersOf(tx: Transaction, run: RunRow): string[] {
  if (run.limited === 0) return []
  const ofJob = limitRequestsOf(tx, run.seq).filter(({ path }) => path === '')
  return ofJob.flatMap(({ takes }) => takes.map(({ limiter }) => limiter))
}

function judgedOf(run: RunRow): Parameters<typeof judge>[1] {
  return { state: run.state, enqueuedAt: run.enqueued_at, changedAt: run.changed_at }
}

export function inspectAction(sql: Sql, moment: Moment, id: string): ActionInfo | undefined {
  const row = findAction(sql, id)
  return row && toInfo(moment, row)
}

/** About 1 MiB at most, but one action at least. */
export function inspectActions(sql: Sql, moment: Moment, limit: number, maxBytes: number): ActionInfo[] {
  const rows = sql.all<ActionRow>(
    `WITH newest AS (SELECT *, row_number() OVER (ORDER BY touched_at DESC, id DESC) AS n,
       sum(length(begun) + length(refusals)) OVER (ORDER BY touched_at DESC, id DESC) AS bytes
       FROM (SELECT * FROM actions ORDER BY touched_at DESC, id DESC LIMIT +?))
     SELECT * FROM newest WHERE n = 1 OR bytes <= ? ORDER BY n`,
    limit,
    maxBytes,
  )
  return rows.map((row) => toInfo(moment, row))
}

/** Deletes actions whose last chunk is too long ago. */
export function pruneActions(tx: Transaction): void {
  tx.sql.run('DELETE FROM actions WHERE touched_at <= ?', tx.now - keepActionsMs)
}

function findAction(sql: Sql, id: string): ActionRow | undefined {
  return sql.get<ActionRow>('SELECT * FROM actions WHERE id = ?', id)
}

function knownAction(sql: Sql, id: string): ActionRow {
  const row = findAction(sql, id)
  if (row === undefined) throw new UnknownActionError(id)
  return row
}

function actionOf({ id, begun }: ActionRow): NewAction {
  return { id, ...(JSON.parse(begun) as Omit<NewAction, 'id'>) }
}

function toInfo(moment: Moment, row: ActionRow): ActionInfo {
  const { ended_at: endedAt, cursor, done, refused } = row
  return {
    ...actionOf(row),
    startedAt: shownAt(moment, row.started_at),
    ...(endedAt === null ? {} : { endedAt: shownAt(moment, endedAt) }),
    ...(cursor === null ? {} : { cursor }),
    done,
    refused,
    refusals: JSON.parse(row.refusals) as ActionRefusal[],
  }
}
