import type { CancelTimer, Clock } from '../../model/clock.ts'
import type { Unsubscribe } from '../store.ts'

const intervalMs = 20

/** Tells listeners that the file may have changed: at once for own writes, within 20 ms for other processes'. */
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

  /** A file that can't be read for a moment has not changed: a hint is no place to fail. */
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
