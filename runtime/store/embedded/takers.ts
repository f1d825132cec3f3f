import { suspectStreak } from '../../model/poison.ts'
import { protectionLevels } from '../protection-level.ts'
import type { LeaseId } from '../store.ts'
import { needsProtection, versionOf } from '../stored-version.ts'
import type { RunRow } from './run-row.ts'
import type { Transaction } from './transaction.ts'

/*
 * Which workers could take a run. A run that no worker takes, or only one that holds no other poison suspects (R17),
 * keeps no key of a limiter for itself. A run that needs scale-in protection is taken by workers that took such runs or
 * may ask for protection; one that has not claimed yet counts, until its first claim decides.
 */

type Taken = Pick<RunRow, 'job' | 'version' | 'queue'>

const knowsAndServes = `job = ? AND version >= ? AND drain_order = 0 AND draining = 0
  AND (queues IS NULL OR EXISTS (SELECT 1 FROM json_each(queues) WHERE json_each.value = ?))`
/**
 * Returns a condition on workers: those that may take a run, as far as protection is concerned. A worker of an earlier
 * release takes none.
 */
const everTakes = ({ version }: Pick<Taken, 'version'>): string =>
  needsProtection(version)
    ? `AND (protection > ${protectionLevels.never} OR protection IS NULL AND claim_n = 0)`
    : ''
const isWokenFor = ({ version }: Pick<Taken, 'version'>): string =>
  needsProtection(version) ? `AND protection >= ${protectionLevels.mayAsk}` : ''
const holdsNoSuspect = `NOT EXISTS (SELECT 1 FROM runs WHERE runs.lease = workers.lease AND streak >= ${suspectStreak})`
const workersOfJob = 'worker_jobs JOIN workers ON workers.lease = worker_jobs.lease'

/** R17: lost so often that a lease takes at most one such run. */
export function isSuspect({ streak }: Pick<RunRow, 'streak'>): boolean {
  return streak >= suspectStreak
}

/** Returns whether a worker takes such runs: the queue is open, and a worker that does not drain knows the job and serves it. */
export function isServed(tx: Transaction, run: Taken): boolean {
  const { job, version, queue } = run
  if (tx.sql.get('SELECT 1 FROM paused WHERE queue = ?', queue) !== undefined) return false
  const sql = `SELECT 1 FROM ${workersOfJob} WHERE ${knowsAndServes} ${everTakes(run)} LIMIT 1`
  return tx.sql.get(sql, job, versionOf(version), queue) !== undefined
}

/**
 * Returns whether a key may be kept for an aged waiter: for a poison suspect only if there is an idle lease that holds
 * none.
 */
export function canStart(tx: Transaction, run: Taken & Pick<RunRow, 'state' | 'streak'>): boolean {
  if (!isServed(tx, run)) return false
  if (run.state === 'running' || !isSuspect(run)) return true
  if (tx.claimer !== undefined && claimerMayTake(tx, tx.claimer, run)) return true
  const sql = `SELECT 1 FROM ${workersOfJob} WHERE ${knowsAndServes} AND idle > 0 AND ${holdsNoSuspect} ${isWokenFor(run)} LIMIT 1`
  return tx.sql.get(sql, run.job, versionOf(run.version), run.queue) !== undefined
}

function claimerMayTake(tx: Transaction, lease: LeaseId, { version }: Pick<Taken, 'version'>): boolean {
  if (holdsSuspect(tx, lease)) return false
  if (!needsProtection(version)) return true
  const { takes } = protectionLevels
  return tx.sql.get('SELECT 1 FROM workers WHERE lease = ? AND protection = ?', lease, takes) !== undefined
}

export function holdsSuspect(tx: Transaction, lease: LeaseId): boolean {
  const held = tx.sql.get(`SELECT 1 FROM runs WHERE lease = ? AND streak >= ${suspectStreak} LIMIT 1`, lease)
  return held !== undefined
}

export function suspectIsReady(tx: Transaction): boolean {
  const sql = `SELECT 1 FROM runs WHERE state = 'ready' AND streak >= ${suspectStreak} LIMIT 1`
  return tx.sql.get(sql) !== undefined
}

export interface IdleTaker {
  readonly lease: LeaseId
  /** Its free slots. */
  readonly idle: number
  /** 1 when it has to ask for protection first. */
  readonly asks: 0 | 1
}

/**
 * Returns idle workers that can take runs of this class, those with most free slots first. For a class that needs
 * protection, first the workers that have it, then those that may ask, the one that was told first.
 */
export function idleTakers(
  tx: Transaction,
  { job, version, queue, suspect }: Taken & { readonly suspect: boolean },
  limit: number,
): readonly IdleTaker[] {
  const sql = suspect ? idleSql.suspect : idleSql.sound
  if (!needsProtection(version)) return tx.sql.all<IdleTaker>(sql.plain, job, version, queue, limit)
  return tx.sql.all<IdleTaker>(sql.protected, job, versionOf(version), queue, tx.told ?? '', limit)
}

function idleQuery(asks: string, condition: string, order: string): string {
  return `SELECT workers.lease, idle, ${asks} AS asks FROM ${workersOfJob}
    WHERE ${knowsAndServes} AND idle > 0 ${condition} ORDER BY ${order} idle DESC LIMIT +?`
}

function idleQueries(condition: string): { readonly plain: string; readonly protected: string } {
  const { mayAsk } = protectionLevels
  const first = 'protection DESC, workers.lease = ? DESC,'
  return {
    plain: idleQuery('0', condition, ''),
    protected: idleQuery(`protection = ${mayAsk}`, `${condition} AND protection >= ${mayAsk}`, first),
  }
}

/** Built once: an enqueue to an idle fleet runs one of them. */
const idleSql = { sound: idleQueries(''), suspect: idleQueries(`AND ${holdsNoSuspect}`) } as const

/** Wakes every idle worker: one of them can take the runs announced to a worker that is gone, or closed to all. */
export function wakeIdle(tx: Transaction): void {
  for (const { lease } of tx.sql.all<{ lease: LeaseId }>('SELECT lease FROM workers WHERE idle > 0')) {
    tx.woken.add(lease)
  }
}
