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
 * Wakes one worker among many without polling: each watches the times of its own file (inotify, kqueue), and a process
 * with work for it touches that file. A lost wake-up costs one poll.
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

  /** Notifies every worker that listens for it. */
  touchShared(hint: CoordinationHint): void {
    touchFile(this.#path(hint))
  }

  listenShared(hint: CoordinationHint, listener: () => void): Unsubscribe {
    const path = this.#path(hint)
    // Opened but not written: the others get no event for one more listener.
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
      // No watch left on this system (ENOSPC, EMFILE): polling continues.
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
    // The listener has just left: there is none to wake.
  }
}
