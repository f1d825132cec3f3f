import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { type Clock, pause } from '../../model/clock.ts'
import { StoreFormatError, StoreUnavailableError } from '../../model/errors.ts'
import type { StoreOutageKind } from '../../model/store-outage.ts'
import { messageOf } from '../../model/thrown.ts'
import { loadSqlite } from './sqlite-module.ts'

export type Row = Readonly<Record<string, unknown>>

/** Prepared, cached statements of one connection. */
export interface Sql {
  get<R extends object = Row>(text: string, ...values: SQLInputValue[]): R | undefined
  all<R extends object = Row>(text: string, ...values: SQLInputValue[]): R[]
  /** Number of rows changed. */
  run(text: string, ...values: SQLInputValue[]): number
}

const giveUpAfterMs = 5_000
/** A writer that never pauses would starve other processes: SQLite has no queue of waiters. */
const longestBurstMs = 20
const restMs = 1
const walLimitBytes = 64 * 1024 * 1024

/**
 * One connection to one SQLite file: WAL, `BEGIN IMMEDIATE`, one transaction per operation.
 * D1  A transaction begins, runs and ends in one turn of the event loop; none is open across turns.
 * D2  A busy file is waited for with short jittered pauses and no blocking of the event loop, then
 *     StoreUnavailableError. Nothing was written in that case.
 */
export class Database implements Sql {
  readonly path: string
  readonly #clock: Clock
  readonly #connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #synchronous: 'NORMAL' | 'FULL'
  readonly #inode: number
  #burstStart = 0
  #lastEnd = 0
  #rest: Promise<void> | undefined
  #closed = false

  constructor(path: string, synchronous: 'normal' | 'full', clock: Clock) {
    this.path = path
    this.#clock = clock
    this.#synchronous = synchronous === 'full' ? 'FULL' : 'NORMAL'
    this.#connection = connect(path)
    this.#guard(() => {
      // Until WAL is set another opener may hold the file for a moment: here SQLite's own wait is enough.
      this.#connection.exec('PRAGMA busy_timeout = 5000')
      this.#connection.exec('PRAGMA journal_mode = WAL')
      this.#connection.exec(`PRAGMA synchronous = ${this.#synchronous}`)
      this.#connection.exec(`PRAGMA journal_size_limit = ${walLimitBytes}`)
      this.#connection.exec('PRAGMA busy_timeout = 0')
    })
    this.#inode = statSync(path).ino
  }

  get<R extends object = Row>(text: string, ...values: SQLInputValue[]): R | undefined {
    return this.#guard(() => this.#statement(text).get(...values) as R | undefined)
  }

  all<R extends object = Row>(text: string, ...values: SQLInputValue[]): R[] {
    return this.#guard(() => this.#statement(text).all(...values) as R[])
  }

  run(text: string, ...values: SQLInputValue[]): number {
    return this.#guard(() => Number(this.#statement(text).run(...values).changes))
  }

  /** Statements outside a transaction: pragmas and schema. */
  exec(text: string): void {
    this.#guard(() => this.#connection.exec(text))
  }

  /** Runs `work`, which only reads, on the state of one moment. */
  snapshot<T>(work: () => T): T {
    this.exec('BEGIN')
    try {
      return work()
    } finally {
      this.exec('COMMIT')
    }
  }

  /** Runs `work` in one write transaction; what it throws rolls back. `durable` waits for the disk. */
  async write<T>(work: () => T, { durable = false }: { durable?: boolean } = {}): Promise<T> {
    await this.#takeRest()
    const start = this.#clock.elapsed()
    for (;;) {
      if (this.#closed)
        throw new StoreUnavailableError(`${this.path} was closed by this process; connect again`, {
          kind: 'closed',
        })
      const begun = this.#begin(durable)
      if (begun) return this.#finish(work, durable)
      if (this.#clock.elapsed() - start > giveUpAfterMs) {
        throw new StoreUnavailableError(
          `${this.path} was locked by another process for ${giveUpAfterMs / 1000} s; nothing was written, try again`,
          { kind: 'locked' },
        )
      }
      await pause(this.#clock, 1 + this.#clock.random())
    }
  }

  /** @throws StoreUnavailableError when the path no longer leads to the open file: what is written would be lost. */
  checkFile(): void {
    if (statSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode) return
    throw new StoreUnavailableError(
      `${this.path} was deleted or replaced while it was open; put it back, or restart this process`,
      { kind: 'file' },
    )
  }

  /** Raised by each transaction of another connection. */
  changeCounter(): number {
    return Number(this.get<{ data_version: number }>('PRAGMA data_version')?.data_version)
  }

  /** Gives disk space back once a burst has made the write-ahead log large. */
  shrinkLog(): void {
    const bytes = statSync(`${this.path}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (bytes > walLimitBytes) this.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#statements.clear()
    this.#connection.close()
  }

  #begin(durable: boolean): boolean {
    if (durable && this.#synchronous !== 'FULL') this.exec('PRAGMA synchronous = FULL')
    try {
      this.#statement('BEGIN IMMEDIATE').run()
      return true
    } catch (error) {
      if (sqliteCode(error) === sqliteCodes.busy) return false
      throw toStoreError(error, this.path)
    }
  }

  #finish<T>(work: () => T, durable: boolean): T {
    try {
      const result = work()
      this.#guard(() => this.#statement('COMMIT').run())
      return result
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK')
      throw error
    } finally {
      if (durable && this.#synchronous !== 'FULL') this.exec('PRAGMA synchronous = NORMAL')
      this.#lastEnd = this.#clock.elapsed()
    }
  }

  /** After `longestBurstMs` of back-to-back transactions, leaves the file alone for a moment. */
  #takeRest(): Promise<void> | undefined {
    if (this.#rest !== undefined) return this.#rest
    const now = this.#clock.elapsed()
    if (now - this.#lastEnd > restMs) this.#burstStart = now
    if (now - this.#burstStart < longestBurstMs) return undefined
    this.#rest = pause(this.#clock, restMs).then(() => {
      this.#rest = undefined
      this.#burstStart = this.#clock.elapsed()
    })
    return this.#rest
  }

  #statement(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.#connection.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }

  #guard<T>(work: () => T): T {
    if (this.#closed)
      throw new StoreUnavailableError(`${this.path} was closed by this process; connect again`, {
        kind: 'closed',
      })
    try {
      return work()
    } catch (error) {
      throw toStoreError(error, this.path)
    }
  }
}

function connect(path: string): DatabaseSync {
  const { DatabaseSync } = loadSqlite()
  try {
    mkdirSync(dirname(path), { recursive: true })
    return new DatabaseSync(path)
  } catch (error) {
    throw toStoreError(error, path)
  }
}

/** Primary result codes (sqlite.org/rescode.html). */
export const sqliteCodes = { busy: 5, locked: 6, corrupt: 11, full: 13, notADatabase: 26 } as const
/** perm, busy, locked, nomem, readonly, ioerr, full, cantopen: the file's state, not a mistake in a statement. */
const unavailableCodes: readonly (number | undefined)[] = [3, 5, 6, 7, 8, 10, 13, 14]

export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

function outageKind(code: number | undefined): StoreOutageKind {
  if (code === sqliteCodes.full) return 'full'
  return code === sqliteCodes.busy || code === sqliteCodes.locked ? 'locked' : 'file'
}

function toStoreError(error: unknown, path: string): unknown {
  const code = sqliteCode(error)
  const fileSystemError = typeof (error as { syscall?: unknown } | null)?.syscall === 'string'
  const message = messageOf(error)
  if (code === sqliteCodes.notADatabase || code === sqliteCodes.corrupt) {
    return new StoreFormatError(
      `${path} is damaged or no SQLite database (${message}); restore it from a backup, or name another file`,
      { cause: error },
    )
  }
  if (!fileSystemError && !unavailableCodes.includes(code)) return error
  const remedy =
    code === sqliteCodes.full ? 'free some disk space' : 'check that its folder exists and can be written'
  return new StoreUnavailableError(`${path} can't be used (${message}); ${remedy}`, {
    kind: outageKind(code),
    cause: error,
  })
}
