import type { DatabaseSync, DatabaseSyncOptions, SQLInputValue, StatementSync } from 'node:sqlite'
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

/** One connection to one SQLite file. SQLite's errors become errors of the store. */
export class Database implements Sql {
  readonly path: string
  protected readonly connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #closed = false

  /** @param address The file, as `path` or as a URL with parameters of SQLite. */
  constructor(path: string, address: string | URL = path, options: DatabaseSyncOptions = {}) {
    this.path = path
    const { DatabaseSync } = loadSqlite()
    try {
      this.connection = new DatabaseSync(address, options)
    } catch (error) {
      throw toStoreError(error, path)
    }
  }

  get closed(): boolean {
    return this.#closed
  }

  get<R extends object = Row>(text: string, ...values: SQLInputValue[]): R | undefined {
    return this.guard(() => this.statement(text).get(...values) as R | undefined)
  }

  all<R extends object = Row>(text: string, ...values: SQLInputValue[]): R[] {
    return this.guard(() => this.statement(text).all(...values) as R[])
  }

  run(text: string, ...values: SQLInputValue[]): number {
    return this.guard(() => Number(this.statement(text).run(...values).changes))
  }

  /** Statements outside a transaction: pragmas and schema. */
  exec(text: string): void {
    this.guard(() => this.connection.exec(text))
  }

  /** Runs the read-only `work` on the state of one moment. */
  snapshot<T>(work: () => T): T {
    this.exec('BEGIN')
    try {
      return work()
    } finally {
      this.exec('COMMIT')
    }
  }

  /** Raised by each transaction of another connection. */
  changeCounter(): number {
    return Number(this.get<{ data_version: number }>('PRAGMA data_version')?.data_version)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#statements.clear()
    this.connection.close()
  }

  /**
   * A bound limit is written `LIMIT +?`: a bare parameter there lets SQLite prepare the statement anew for each value that
   * is bound, at several times the cost of a small query.
   */
  protected statement(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.connection.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }

  protected guard<T>(work: () => T): T {
    if (this.#closed) throw closedError(this.path)
    try {
      return work()
    } catch (error) {
      throw toStoreError(error, this.path)
    }
  }
}

export function closedError(path: string): StoreUnavailableError {
  return new StoreUnavailableError(`${path} was closed by this process; connect again`, { kind: 'closed' })
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

export function toStoreError(error: unknown, path: string): unknown {
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
