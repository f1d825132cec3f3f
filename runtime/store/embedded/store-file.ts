import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { SQLInputValue } from 'node:sqlite'
import type { Clock } from '../../model/clock.ts'
import type { HostClocks } from '../clock-watch.ts'
import { closedError, type Row, type Sql, toStoreError } from './database.ts'
import { refuseNetworkFileSystem, refuseOtherHost } from './host.ts'
import { migrate } from './schema.ts'
import { missingFile, StoreReader } from './store-reader.ts'
import { StoreWriter } from './store-writer.ts'

interface Deps {
  readonly clock: Clock
  readonly clocks: HostClocks
  readonly synchronous: 'normal' | 'full'
  /** Whether a missing file is created. */
  readonly create: boolean
}

/**
 * The file of a store as one process has it open.
 * SF1 It is only read, and stays unchanged, until the first write: that creates a missing file, and upgrades one of an
 * older version. From then on one connection reads and writes.
 * SF2 A missing file can't be read: an empty result would look like lost runs.
 */
export class StoreFile implements Sql {
  readonly path: string
  readonly #deps: Deps
  readonly #reader: StoreReader
  #writer: StoreWriter | undefined
  #preparing: Promise<StoreWriter> | undefined
  #closed = false

  constructor(path: string, deps: Deps) {
    this.path = path
    this.#deps = deps
    this.#reader = new StoreReader(path)
  }

  /** @throws StoreUnavailableError, StoreFormatError, InvalidOptionsError if it can't be used without a change. */
  check(): void {
    const { create, clocks } = this.#deps
    if (this.#reader.isThere) {
      refuseNetworkFileSystem(this.path)
      refuseOtherHost(this, this.path, clocks)
    } else if (!create) throw missingFile(this.path)
  }

  /** Opens it for writing, if it is not yet. @throws StoreUnavailableError, StoreFormatError, InvalidOptionsError */
  prepare(): Promise<StoreWriter> {
    if (this.#closed) return Promise.reject(closedError(this.path))
    this.#preparing ??= this.#open().catch((error: unknown) => {
      this.#preparing = undefined
      throw error
    })
    return this.#preparing
  }

  get<R extends object = Row>(text: string, ...values: SQLInputValue[]): R | undefined {
    return (this.#writer ?? this.#reader).get<R>(text, ...values)
  }

  all<R extends object = Row>(text: string, ...values: SQLInputValue[]): R[] {
    return (this.#writer ?? this.#reader).all<R>(text, ...values)
  }

  run(text: string, ...values: SQLInputValue[]): number {
    return (this.#writer ?? this.#reader).run(text, ...values)
  }

  /** Runs the read-only `work` on the state of one moment. */
  snapshot<T>(work: () => T): T {
    return (this.#writer ?? this.#reader).snapshot(work)
  }

  /** Runs `work` in one write transaction; an error rolls back. `durable` waits for the disk. */
  write<T>(work: () => T, options: { durable?: boolean } = {}): Promise<T> {
    if (this.#writer !== undefined) return this.#writer.write(work, options)
    return this.prepare().then((writer) => writer.write(work, options))
  }

  /** Changes with each transaction of another connection. */
  changeCounter(): number {
    return (this.#writer ?? this.#reader).changeCounter()
  }

  /** Whether the file keeps a write-ahead log. */
  get hasLog(): boolean {
    const mode = this.#writer?.get<{ journal_mode: string }>('PRAGMA journal_mode')?.journal_mode
    return mode === undefined ? this.#reader.hasLog : mode === 'wal'
  }

  /** @throws StoreUnavailableError when the path no longer leads to the open file: writes would be lost. */
  checkFile(): void {
    this.#writer?.checkFile()
  }

  /** Gives disk space back once a burst has made the write-ahead log large. */
  shrinkLog(): void {
    this.#writer?.shrinkLog()
  }

  close(): void {
    this.#closed = true
    this.#reader.close()
    this.#writer?.close()
  }

  async #open(): Promise<StoreWriter> {
    const { create, synchronous, clock, clocks } = this.#deps
    if (!create && !existsSync(this.path)) throw missingFile(this.path)
    makeFolder(this.path)
    refuseNetworkFileSystem(this.path)
    const writer = new StoreWriter(this.path, synchronous, clock)
    try {
      await migrate(writer)
      refuseOtherHost(writer, this.path, clocks)
      if (this.#closed) throw closedError(this.path)
    } catch (error) {
      writer.close()
      throw error
    }
    this.#writer = writer
    this.#reader.rest()
    return writer
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    throw toStoreError(error, path)
  }
}
