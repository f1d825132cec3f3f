import type { FailureMark } from '../../model/failure-mark.ts'
import type { RunId } from '../../model/run-id.ts'
import {
  type FailureFilter,
  type FailureGroup,
  type FailureOrder,
  failureMinutes,
  maxFailureGroups,
  maxFailureVersions,
} from '../failures.ts'
import { triesPerMinute } from '../tries-per-minute.ts'
import type { Sql } from './database.ts'
import type { RunRow } from './run-row.ts'
import { type Moment, shownAt, storeTimeOf } from './store-clock.ts'
import type { StoredFailure, Transaction } from './transaction.ts'

interface GroupRow {
  readonly fingerprint: string
  readonly job: string
  readonly step: string
  readonly name: string
  readonly code: string | null
  readonly text: string
  readonly tries: number
  readonly runs: number
  readonly first_at: number
  readonly last_at: number
  readonly sample: RunId
  readonly versions: string
  readonly minutes: string
}

/** Minutes of the store's time that had tries, oldest first: minute, tries, minute, tries … */
type Minutes = readonly number[]

const minuteMs = 60_000

/** A failed attempt of a step. */
export function countStepFailure(tx: Transaction, run: RunId, mark: FailureMark): void {
  const found = tx.sql.get<{ job: string }>('SELECT job FROM runs WHERE id = ?', run)
  if (found !== undefined) tx.failures.push({ mark, job: found.job, run, tries: 1, runs: 0 })
}

/** A failed attempt of a run; `ended`: it failed for good. */
export function countRunFailure(
  tx: Transaction,
  { id, job }: Pick<RunRow, 'id' | 'job'>,
  mark: FailureMark,
  ended: boolean,
): void {
  tx.failures.push({ mark, job, run: id, tries: mark.step === '' ? 1 : 0, runs: ended ? 1 : 0 })
}

/** Adds the transaction's failures to their groups, before its commit. */
export function writeFailures(tx: Transaction): void {
  if (tx.failures.length === 0) return
  const byFingerprint = Map.groupBy(tx.failures, ({ mark }) => mark.fingerprint)
  for (const failures of byFingerprint.values()) writeGroup(tx, failures)
}

function writeGroup(tx: Transaction, failures: readonly StoredFailure[]): void {
  const last = failures.at(-1) as StoredFailure
  const { mark, job, run } = last
  const known = tx.sql.get<Pick<GroupRow, 'versions' | 'minutes'>>(
    'SELECT versions, minutes FROM failure_groups WHERE fingerprint = ?',
    mark.fingerprint,
  )
  const before = known ?? { versions: '[]', minutes: '[]' }
  const tries = sum(failures, 'tries')
  const versions = withVersions(JSON.parse(before.versions) as number[], failures)
  const minutes = withTries(JSON.parse(before.minutes) as Minutes, Math.floor(tx.now / minuteMs), tries)
  tx.sql.run(
    `INSERT INTO failure_groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET tries = tries + excluded.tries, runs = runs + excluded.runs, last_at = excluded.last_at,
       sample = excluded.sample, versions = excluded.versions, minutes = excluded.minutes`,
    mark.fingerprint,
    job,
    mark.step,
    mark.name,
    mark.code ?? null,
    mark.text,
    tries,
    sum(failures, 'runs'),
    tx.now,
    tx.now,
    run,
    JSON.stringify(versions),
    JSON.stringify(minutes),
  )
  if (known === undefined) forgetOldest(tx)
}

function sum(failures: readonly StoredFailure[], what: 'tries' | 'runs'): number {
  return failures.reduce((all, failure) => all + failure[what], 0)
}

function withVersions(before: readonly number[], failures: readonly StoredFailure[]): number[] {
  const all = new Set([...before, ...failures.map(({ mark }) => mark.version)])
  return [...all].sort((a, b) => b - a).slice(0, maxFailureVersions)
}

function withTries(before: Minutes, minute: number, tries: number): Minutes {
  const kept: number[] = []
  let current = tries
  for (let i = 0; i < before.length; i += 2) {
    const [at = 0, count = 0] = before.slice(i, i + 2)
    if (at === minute) current += count
    else if (isRecent(at, minute)) kept.push(at, count)
  }
  return current === 0 ? kept : [...kept, minute, current]
}

/** A clock that went back leaves minutes in the future. */
function isRecent(at: number, minute: number): boolean {
  return at <= minute && at > minute - failureMinutes
}

/** The last one at the same instant stays. */
function forgetOldest(tx: Transaction): void {
  tx.sql.run(
    `DELETE FROM failure_groups WHERE rowid IN (
       SELECT rowid FROM failure_groups ORDER BY last_at, rowid
       LIMIT max(0, (SELECT count(*) FROM failure_groups) - ${maxFailureGroups}))`,
  )
}

const orders: Readonly<Record<FailureOrder, string>> = {
  latest: 'last_at DESC',
  most: 'tries DESC',
  newest: 'first_at DESC',
}

export function readFailures(
  sql: Sql,
  moment: Moment,
  { job, fingerprint, since, order = 'latest', limit }: FailureFilter,
): FailureGroup[] {
  const where: string[] = []
  const values: (string | number)[] = []
  const add = (clause: string, ...used: (string | number)[]): void => {
    where.push(clause)
    values.push(...used)
  }
  if (job !== undefined) add('job = ?', job)
  if (fingerprint !== undefined) add('substr(fingerprint, 1, length(?)) = ?', fingerprint, fingerprint)
  if (since !== undefined) add('last_at >= ?', storeTimeOf(moment, since))
  const rows = sql.all<GroupRow & { failed_now: number }>(
    `SELECT failure_groups.*, coalesce(failed_by.n, 0) AS failed_now
     FROM failure_groups LEFT JOIN failed_by USING (fingerprint)
     ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
     ORDER BY fingerprint = ? DESC, ${orders[order]}, last_at DESC, fingerprint LIMIT +?`,
    ...values,
    fingerprint ?? '',
    limit,
  )
  return rows.map((row) => toGroup(row, moment))
}

function toGroup(row: GroupRow & { readonly failed_now: number }, moment: Moment): FailureGroup {
  const { fingerprint, job, step, name, code, text, tries, runs, sample } = row
  return {
    ...{ fingerprint, job, step, name, text, tries, runs, sample },
    ...(code === null ? {} : { code }),
    failedNow: row.failed_now,
    firstAt: shownAt(moment, row.first_at),
    lastAt: shownAt(moment, row.last_at),
    versions: JSON.parse(row.versions) as number[],
    perMinute: triesPerMinute(JSON.parse(row.minutes) as Minutes, Math.floor(moment.now / minuteMs)),
  }
}
