import { type FSWatcher, mkdirSync, rmSync, utimesSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LeaseId, Unsubscribe } from '../store.ts'

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
    const now = new Date()
    try {
      utimesSync(this.#path(lease), now, now)
    } catch {
      // The worker has just left: nobody to wake.
    }
  }

  listen(lease: LeaseId, listener: () => void): Unsubscribe {
    const path = this.#path(lease)
    let watcher: FSWatcher | undefined
    try {
      mkdirSync(this.#folder, { recursive: true })
      writeFileSync(path, '')
      watcher = watch(path, listener)
      watcher.on('error', () => undefined)
    } catch {
      // No watch left on this system (ENOSPC, EMFILE): polling goes on.
    }
    return () => {
      watcher?.close()
      rmSync(path, { force: true })
    }
  }

  remove(lease: LeaseId): void {
    rmSync(this.#path(lease), { force: true })
  }

  #path(lease: LeaseId): string {
    return join(this.#folder, `${lease}.wake`)
  }
}
