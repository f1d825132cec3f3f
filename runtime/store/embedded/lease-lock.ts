import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { LeaseId } from '../store.ts'
import { sqliteCode, sqliteCodes } from './database.ts'
import { loadSqlite } from './sqlite-module.ts'

/**
 * Proof of life that the kernel withdraws: each worker keeps an exclusive lock on a file of its own.
 * F1  A process that gets a lease's lock knows that the process which held it is dead: no pid is compared, so neither
 * reuse nor namespaces can mislead.
 * F2  The file is only ever opened through SQLite: closing any other descriptor of it in this process would drop the
 * lock (POSIX record locks).
 */
export class LeaseLocks {
  readonly #folder: string
  readonly #held = new Map<LeaseId, DatabaseSync>()
  readonly #probes = new Map<LeaseId, DatabaseSync>()

  constructor(databasePath: string) {
    this.#folder = `${databasePath}-leases`
  }

  hold(lease: LeaseId): void {
    if (this.#held.has(lease)) return
    mkdirSync(this.#folder, { recursive: true })
    const connection = lock(this.#path(lease))
    if (connection === 'busy') throw new Error(`the lease lock of ${lease} is held twice`)
    this.#held.set(lease, connection)
  }

  /**
   * Returns whether the holder's process is gone. The connection is kept: a check of a live peer costs microseconds.
   */
  isFree(lease: LeaseId): boolean {
    if (this.#held.has(lease)) return false
    try {
      // Opening a missing file would create it.
      if (statSync(this.#path(lease), { throwIfNoEntry: false }) === undefined) return true
      const probe = this.#probes.get(lease) ?? open(this.#path(lease))
      this.#probes.set(lease, probe)
      probe.exec('BEGIN EXCLUSIVE')
      probe.exec('ROLLBACK')
      return true
    } catch {
      // Busy: it lives. An unreadable folder proves nothing either; the lease's time decides then.
      return false
    }
  }

  /** Closes probes of leases that no longer exist. */
  keepProbes(leases: ReadonlySet<LeaseId>): void {
    for (const lease of this.#probes.keys()) if (!leases.has(lease)) this.#closeProbe(lease)
  }

  /** Releases the lock and removes its file; also for a lease that `isFree` proved dead. */
  drop(lease: LeaseId): void {
    this.#closeProbe(lease)
    this.#held.get(lease)?.close()
    this.#held.delete(lease)
    rmSync(this.#path(lease), { force: true })
  }

  /** Leases that have a file here. */
  files(): readonly LeaseId[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => name.endsWith(suffix))
        .map((name) => name.slice(0, -suffix.length))
    } catch {
      return []
    }
  }

  close(): void {
    for (const lease of [...this.#held.keys()]) this.drop(lease)
    this.keepProbes(new Set())
  }

  #closeProbe(lease: LeaseId): void {
    this.#probes.get(lease)?.close()
    this.#probes.delete(lease)
  }

  #path(lease: LeaseId): string {
    return join(this.#folder, `${lease}${suffix}`)
  }
}

const suffix = '.lock'

function open(path: string): DatabaseSync {
  const { DatabaseSync } = loadSqlite()
  const connection = new DatabaseSync(path)
  connection.exec('PRAGMA busy_timeout = 0')
  return connection
}

function lock(path: string): DatabaseSync | 'busy' {
  const connection = open(path)
  try {
    connection.exec('BEGIN EXCLUSIVE')
    return connection
  } catch (error) {
    connection.close()
    if (sqliteCode(error) === sqliteCodes.busy) return 'busy'
    throw error
  }
}
