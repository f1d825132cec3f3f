import { suspectStreak } from '../../../model/poison.ts'
import { askPauseMs, maxProtectedLeft } from '../../protection-level.ts'
import type { ClaimRequest, LeaseId, WorkerJob } from '../../store.ts'
import { needsProtection, versionOf } from '../../stored-version.ts'
import { readSetting, writeSetting } from '../settings.ts'
import { holdsSuspect, suspectIsReady } from '../takers.ts'
import type { Transaction } from '../transaction.ts'

/** The version in the form of stored-version.ts. */
export type RunClass = readonly [queue: string, job: string, version: number]

interface Claimant {
  readonly jobs: string
  readonly queues: string | null
}

/** Returns the classes of open queues that the worker may take runs of, and those that it may not for want of protection. */
export function claimableClasses(
  tx: Transaction,
  claimant: Claimant,
  request: ClaimRequest,
): { readonly takes: readonly RunClass[]; readonly left: readonly RunClass[] } {
  const queues = queuesOf(claimant)
  const takes: RunClass[] = []
  const left: RunClass[] = []
  for (const job of JSON.parse(claimant.jobs) as WorkerJob[]) {
    for (const { queue, version } of openClasses(tx, job)) {
      if (versionOf(version) > job.version || (queues !== undefined && !queues.includes(queue))) continue
      const list = needsProtection(version) && !request.protected ? left : takes
      list.push([queue, job.name, version])
    }
  }
  return { takes, left }
}

/** Returns the queues that a worker names. */
export function queuesOf({ queues }: Pick<Claimant, 'queues'>): string[] | undefined {
  return queues === null ? undefined : (JSON.parse(queues) as string[])
}

function openClasses(tx: Transaction, { name }: WorkerJob): { queue: string; version: number }[] {
  return tx.sql.all(
    'SELECT queue, version FROM classes WHERE job = ? AND queue NOT IN (SELECT queue FROM paused)',
    name,
  )
}

/** Some expired runs may not have been moved yet: `promote` handles a bounded number at once. */
export const readyRuns =
  "FROM runs WHERE state = 'ready' AND queue = ? AND job = ? AND version = ? AND (expires_at IS NULL OR expires_at > ?)"

/** Counts ready runs as a claim would take them: at most one poison suspect. */
export function countProtected(tx: Transaction, lease: LeaseId, classes: readonly RunClass[]): number {
  if (classes.length === 0) return 0
  let found = 0
  for (const runClass of classes) {
    const sql = `SELECT count(*) AS n FROM (SELECT 1 ${readyRuns} AND streak < ${suspectStreak} LIMIT +?)`
    found += tx.sql.get<{ n: number }>(sql, ...runClass, tx.now, maxProtectedLeft - found)?.n ?? 0
  }
  if (found === maxProtectedLeft || !suspectIsReady(tx) || holdsSuspect(tx, lease)) return found
  const suspect = classes.some(
    (runClass) =>
      tx.sql.get(`SELECT 1 ${readyRuns} AND streak >= ${suspectStreak} LIMIT 1`, ...runClass, tx.now) !==
      undefined,
  )
  return found + (suspect ? 1 : 0)
}

/** Counts a worker as one that asks for protection, unless as many were told to as there are runs. */
export function isToAsk({ sql, now }: Transaction, runs: number): boolean {
  const since = readSetting(sql, 'asked_since') ?? Number.NEGATIVE_INFINITY
  const isOver = now >= since + askPauseMs || now < since
  const told = isOver ? 0 : (readSetting(sql, 'asked') ?? 0)
  if (told >= runs) return false
  if (isOver) writeSetting(sql, 'asked_since', now)
  writeSetting(sql, 'asked', told + 1)
  return true
}
