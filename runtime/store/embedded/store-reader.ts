import { closeSync, existsSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { sep } from 'node:path'
import type { SQLInputValue } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { StoreUnavailableError } from '../../model/errors.ts'
import { completeSchema } from './complete-schema.ts'
import { closedError, Database, type Row, type Sql } from './database.ts'
import { checkFormat, isComplete } from './schema.ts'

/*
 * Reads the file of a store and writes nothing, neither to it nor beside it.
 * SR1  A file without a write-ahead log is open nowhere. It is read as `immutable`, as SQLite would otherwise create a
 * log and an index for reading, and leave both behind. It then takes no locks, so each read checks before and after
 * whether the file is still the same and has no log, and is repeated if not.
 * SR2  A file with a log is read through the log, by a read-only connection.
 * SR3  The missing parts of a file of an older version are completed only in this connection (complete-schema.ts).
 */
interface Opened {
  readonly connection: Database
  readonly file: FileState
  /** Of a completed file: raised when another process changes its schema. */
  readonly schemaVersion: number | undefined
}

type FileState = Pick<Stats, 'ino' | 'size' | 'mtimeMs'> & { readonly hasLog: boolean }

const maxRepeats = 20
/** Where the header of a SQLite file says how it is read: 2 for a write-ahead log (sqlite.org/fileformat.html). */
const readVersionAt = 19
const walVersion = 2

export class StoreReader implements Sql {
  readonly path: string
  #opened: Opened | undefined
  /** Inside a snapshot: the connection that it reads. */
  #inside: Database | undefined
  /** Counts connections: their change counters are unrelated. */
  #connections = 0
  #closed = false

  constructor(path: string) {
    this.path = path
  }

  get<R extends object = Row>(text: string, ...values: SQLInputValue[]): R | undefined {
    return this.#read((sql) => sql.get<R>(text, ...values))
  }

  all<R extends object = Row>(text: string, ...values: SQLInputValue[]): R[] {
    return this.#read((sql) => sql.all<R>(text, ...values))
  }

  run(text: string, ...values: SQLInputValue[]): number {
    return this.#read((sql) => sql.run(text, ...values))
  }

  snapshot<T>(work: () => T): T {
    return this.#read((sql) => {
      this.#inside = sql
      try {
        return sql.snapshot(work)
      } finally {
        this.#inside = undefined
      }
    })
  }

  /** Changes with each transaction of another connection. */
  changeCounter(): number {
    const counter = this.#read((sql) => sql.changeCounter())
    return this.#connections * 1e9 + counter
  }

  /**
   * Returns whether there is a store to read. @throws StoreFormatError, StoreUnavailableError when it can't be read.
   */
  get isThere(): boolean {
    try {
      return this.#read(() => true)
    } catch (error) {
      if (StoreUnavailableError.is(error) && error.kind === 'missing') return false
      throw error
    }
  }

  /** Whether the file keeps a write-ahead log. */
  get hasLog(): boolean {
    const file = openSync(this.path, 'r')
    try {
      const header = Buffer.alloc(readVersionAt + 1)
      readSync(file, header, 0, header.length, 0)
      return header[readVersionAt] === walVersion
    } finally {
      closeSync(file)
    }
  }

  /** Closes the file; the next read opens it again. */
  rest(): void {
    this.#opened?.connection.close()
    this.#opened = undefined
  }

  close(): void {
    this.#closed = true
    this.rest()
  }

  #read<T>(work: (sql: Database) => T): T {
    if (this.#inside !== undefined) return work(this.#inside)
    if (this.#closed) throw closedError(this.path)
    for (let repeat = 0; ; repeat++) {
      const opened = this.#current()
      try {
        const found = work(opened.connection)
        if (this.#isCurrent(opened) || repeat === maxRepeats) return found
      } catch (error) {
        if (this.#isCurrent(opened) || repeat === maxRepeats) throw error
      }
      this.rest()
    }
  }

  #current(): Opened {
    if (this.#opened !== undefined && this.#isCurrent(this.#opened)) return this.#opened
    this.rest()
    const file = stateOf(this.path)
    if (file === undefined) throw missingFile(this.path)
    const connection = connect(this.path, file)
    try {
      const schemaVersion = completeStore(connection)
      this.#connections++
      this.#opened = { connection, file, schemaVersion }
      return this.#opened
    } catch (error) {
      connection.close()
      throw error
    }
  }

  #isCurrent({ connection, file, schemaVersion }: Opened): boolean {
    const now = stateOf(this.path)
    if (now === undefined || now.ino !== file.ino) return false
    if (!file.hasLog) return !now.hasLog && now.size === file.size && now.mtimeMs === file.mtimeMs
    return schemaVersion === undefined || schemaVersionOf(connection) === schemaVersion
  }
}

/** SR1, SR2. */
function connect(path: string, { hasLog }: FileState): Database {
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  const connection = new Database(path, hasLog ? path : url, { readOnly: true })
  // While the last writer closes the file, or the log of a killed one is read anew.
  if (hasLog) connection.exec('PRAGMA busy_timeout = 1000')
  return connection
}

/** SR3. Returns the schema's version if it had to be completed. */
function completeStore(connection: Database): number | undefined {
  // Another process is about to create a store here, or has only created the file.
  if (checkFormat(connection) === 0) throw missingFile(connection.path)
  if (isComplete(connection)) return undefined
  completeSchema(connection)
  return schemaVersionOf(connection)
}

function schemaVersionOf(connection: Database): number {
  return Number(connection.get<{ schema_version: number }>('PRAGMA main.schema_version')?.schema_version)
}

function stateOf(path: string): FileState | undefined {
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) return undefined
  const { ino, size, mtimeMs } = file
  return { ino, size, mtimeMs, hasLog: hasLog(path) }
}

/** An empty log without an index is open nowhere either: a read-only connection left it behind. */
function hasLog(path: string): boolean {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  return log !== undefined && (log.size > 0 || existsSync(`${path}-shm`))
}

export function missingFile(path: string): StoreUnavailableError {
  // The address may have been typed as a relative path, in the wrong folder.
  const hint = path.startsWith(`${process.cwd()}${sep}`) ? ' (a relative path begins at this folder)' : ''
  return new StoreUnavailableError(
    `there is no store at sqlite:${path}${hint}: name another one by --store or DURABLE_JOBS_STORE, or start a worker, ` +
      'which makes it',
    { kind: 'missing' },
  )
}
