import type { CancelTimer, Clock } from '../../model/clock.ts'
import type { Unsubscribe } from '../store.ts'

const intervalMs = 20

/**
 * Notifies listeners that the file may have changed: at once after own writes, within 20 ms after other processes'
 * writes.
 */
export class ChangeWatch {
  readonly #clock: Clock
  readonly #counter: () => number
  readonly #listeners = new Set<() => void>()
  #seen = 0
  #cancel: CancelTimer | undefined

  constructor(clock: Clock, counter: () => number) {
    this.#clock = clock
    this.#counter = counter
  }

  listen(listener: () => void): Unsubscribe {
    this.#listeners.add(listener)
    if (this.#cancel === undefined) {
      this.#seen = this.#read()
      this.#look()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#cancel?.()
      this.#cancel = undefined
    }
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  /** A temporarily unreadable file has not changed: a hint must not fail. */
  #read(): number {
    try {
      return this.#counter()
    } catch {
      return this.#seen
    }
  }

  #look(): void {
    this.#cancel = this.#clock.after(intervalMs, () => {
      const counter = this.#read()
      if (counter !== this.#seen) {
        this.#seen = counter
        this.changed()
      }
      if (this.#cancel !== undefined) this.#look()
    })
  }
}
