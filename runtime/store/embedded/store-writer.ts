import { statSync } from 'node:fs'
import { type Clock, pause } from '../../model/clock.ts'
import { StoreUnavailableError } from '../../model/errors.ts'
import { closedError, Database, sqliteCode, sqliteCodes, toStoreError } from './database.ts'

const giveUpAfterMs = 5_000
/** A writer that never pauses would starve other processes: SQLite has no queue of waiters. */
const maxBurstMs = 20
const restMs = 1
const walLimitBytes = 64 * 1024 * 1024

/**
 * The connection that writes a SQLite file: WAL, `BEGIN IMMEDIATE`, one transaction per operation.
 * D1  A transaction begins, runs and ends in one macrotask; none stays open across macrotasks.
 * D2  A busy file is waited for with short jittered pauses that don't block the event loop, then StoreUnavailableError.
 * Nothing was written in that case.
 */
export class StoreWriter extends Database {
  readonly #clock: Clock
  readonly #synchronous: 'NORMAL' | 'FULL'
  readonly #inode: number
  #burstStart = 0
  #lastEnd = 0
  #rest: Promise<void> | undefined

  constructor(path: string, synchronous: 'normal' | 'full', clock: Clock) {
    super(path)
    this.#clock = clock
    this.#synchronous = synchronous === 'full' ? 'FULL' : 'NORMAL'
    try {
      // Until WAL is set another opener may hold the file for a moment: SQLite's own wait suffices here.
      this.exec('PRAGMA busy_timeout = 5000')
      this.exec('PRAGMA journal_mode = WAL')
      this.exec(`PRAGMA synchronous = ${this.#synchronous}`)
      this.exec(`PRAGMA journal_size_limit = ${walLimitBytes}`)
      this.exec('PRAGMA busy_timeout = 0')
      this.#inode = statSync(path).ino
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Runs `work` in one write transaction; an error rolls back. `durable` waits for the disk. */
  async write<T>(work: () => T, { durable = false }: { durable?: boolean } = {}): Promise<T> {
    await this.#takeRest()
    const start = this.#clock.elapsed()
    for (;;) {
      if (this.closed) throw closedError(this.path)
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

  /** @throws StoreUnavailableError when the path no longer leads to the open file: writes would be lost. */
  checkFile(): void {
    if (statSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode) return
    throw new StoreUnavailableError(
      `${this.path} was deleted or replaced while it was open; put it back, or restart this process`,
      { kind: 'file' },
    )
  }

  /** Gives disk space back once a burst has made the write-ahead log large. */
  shrinkLog(): void {
    const bytes = statSync(`${this.path}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (bytes > walLimitBytes) this.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  #begin(durable: boolean): boolean {
    if (durable && this.#synchronous !== 'FULL') this.exec('PRAGMA synchronous = FULL')
    try {
      this.statement('BEGIN IMMEDIATE').run()
      return true
    } catch (error) {
      if (sqliteCode(error) === sqliteCodes.busy) return false
      throw toStoreError(error, this.path)
    }
  }

  #finish<T>(work: () => T, durable: boolean): T {
    try {
      const result = work()
      this.guard(() => this.statement('COMMIT').run())
      return result
    } catch (error) {
      if (this.connection.isTransaction) this.connection.exec('ROLLBACK')
      throw error
    } finally {
      if (durable && this.#synchronous !== 'FULL') this.exec('PRAGMA synchronous = NORMAL')
      this.#lastEnd = this.#clock.elapsed()
    }
  }

  /** After `maxBurstMs` of back-to-back transactions, leaves the file to other processes for a moment. */
  #takeRest(): Promise<void> | undefined {
    if (this.#rest !== undefined) return this.#rest
    const now = this.#clock.elapsed()
    if (now - this.#lastEnd > restMs) this.#burstStart = now
    if (now - this.#burstStart < maxBurstMs) return undefined
    this.#rest = pause(this.#clock, restMs).then(() => {
      this.#rest = undefined
      this.#burstStart = this.#clock.elapsed()
    })
    return this.#rest
  }
}
