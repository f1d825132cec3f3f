import type { TaskIdentity } from '../model/task-identity.ts'
import type { TaskHolder } from './task-holder.ts'

/** Knows the task as soon as one of its workers does. */
export interface KnownTask {
  identity: TaskIdentity | undefined
}

/** The holder of a task with the workers of this process that use it: it drains and closes with the last one. */
export class SharedHolder {
  readonly holder: TaskHolder
  readonly #task: KnownTask
  readonly #onClosed: () => void
  #working = 0
  #open = 0
  #closing: Promise<void> | undefined

  constructor(holder: TaskHolder, task: KnownTask, onClosed: () => void) {
    this.holder = holder
    this.#task = task
    this.#onClosed = onClosed
  }

  /** Resolves when it's closed; undefined as long as a worker uses it. */
  get closing(): Promise<void> | undefined {
    return this.#closing
  }

  learn(identity: TaskIdentity): void {
    this.#task.identity = identity
    this.holder.on({ kind: 'task', arn: identity.taskArn })
  }

  join(): void {
    this.#working++
    this.#open++
    if (this.#working === 1) this.holder.on({ kind: 'rejoin' })
  }

  drain(): void {
    this.#working--
    if (this.#working === 0) this.holder.on({ kind: 'drain' })
  }

  async leave(): Promise<void> {
    this.#open--
    if (this.#open > 0) return
    this.#closing = this.holder.close().then(this.#onClosed)
    await this.#closing
  }
}
