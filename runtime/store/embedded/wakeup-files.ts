import {
  closeSync,
  type FSWatcher,
  mkdirSync,
  openSync,
  rmSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { LeaseId, Unsubscribe } from '../store.ts'
import type { CoordinationHint } from './transaction.ts'

/**
 * Wakes one worker among many without polling: each listens to the times of a file of its own
 * (inotify, kqueue), whoever has work for it touches that file. A lost wake-up costs one poll.
 */
export class WakeupFiles {
  readonly #folder: string

  constructor(databasePath: string) {
    this.#folder = `${databasePath}-leases`
  }

  touch(lease: LeaseId): void {
    touchFile(this.#path(lease))
  }

  listen(lease: LeaseId, listener: () => void): Unsubscribe {
    const path = this.#path(lease)
    const stop = this.#watch(path, listener, () => writeFileSync(path, ''))
    return () => {
      stop()
      rmSync(path, { force: true })
    }
  }

  /** Tells every worker that listens for it. */
  touchShared(hint: CoordinationHint): void {
    touchFile(this.#path(hint))
  }

  listenShared(hint: CoordinationHint, listener: () => void): Unsubscribe {
    const path = this.#path(hint)
    // Opened and not written: the others are not told that one more listens.
    return this.#watch(path, listener, () => closeSync(openSync(path, 'a')))
  }

  #watch(path: string, listener: () => void, make: () => void): Unsubscribe {
    let watcher: FSWatcher | undefined
    try {
      mkdirSync(this.#folder, { recursive: true })
      make()
      watcher = watch(path, listener)
      watcher.on('error', () => undefined)
    } catch {
      // No watch left on this system (ENOSPC, EMFILE): polling goes on.
    }
    return () => watcher?.close()
  }

  remove(lease: LeaseId): void {
    rmSync(this.#path(lease), { force: true })
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.wake`)
  }
}

function touchFile(path: string): void {
  const now = new Date()
  try {
    utimesSync(path, now, now)
  } catch {
    // Who listened has just left: nobody to wake.
  }
}
