import type { TaskHolder } from './task-holder.ts'

/** The holder of a task with the workers of this process that use it: it drains and closes with the last one. */
export class SharedHolder {
  readonly holder: TaskHolder
  readonly #onClosed: () => void
  #working = 0
  #open = 0

  constructor(holder: TaskHolder, onClosed: () => void) {
    this.holder = holder
    this.#onClosed = onClosed
  }

  join(): void {
    this.#working++
    this.#open++
  }

  drain(): void {
    this.#working--
    if (this.#working === 0) this.holder.on({ kind: 'drain' })
  }

  async leave(): Promise<void> {
    this.#open--
    if (this.#open > 0) return
    this.#onClosed()
    await this.holder.close()
  }
}
