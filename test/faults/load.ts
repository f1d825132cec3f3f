import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Jobs, type RunHandle, StoreUnavailableError } from '../../sdk/index.ts'
import type { Crew } from './crew.ts'

type Handle = RunHandle<readonly string[]>

const batch = 5
const maxAtOnce = 40
const pauseMs = 20

/** Enqueues as fast as the workers work, until `stop`. */
export class Load {
  /** Runs that the store has acknowledged. */
  readonly handles: Handle[] = []
  readonly #crew: Crew
  readonly #caller: Jobs
  readonly #done: Promise<void>
  #over = false

  constructor(crew: Crew, caller: Jobs = crew.client) {
    this.#crew = crew
    this.#caller = caller
    this.#done = this.#work()
    this.#done.catch(() => undefined)
  }

  get ids(): readonly string[] {
    return this.handles.map(({ id }) => id)
  }

  /** Resolves when every started enqueue is acknowledged. */
  async stop(): Promise<void> {
    this.#over = true
    await this.#done
  }

  async results(): Promise<readonly (readonly string[])[]> {
    return Promise.all(this.handles.map((handle) => handle.result({ timeout: '2m' })))
  }

  async #work(): Promise<void> {
    while (!this.#over) {
      await this.#crew.bodyLog.times('settled', this.handles.length - maxAtOnce)
      const first = this.handles.length
      const some = Array.from({ length: batch }, (_, i) => this.#enqueue((first + i) % 20 === 0))
      this.handles.push(...(await Promise.all(some)))
    }
  }

  /** Like a caller that needs it exactly once: retries with the same id until it is acknowledged. */
  async #enqueue(naps: boolean): Promise<Handle> {
    const id = randomUUID()
    for (;;) {
      try {
        await this.#caller.enqueue(this.#crew.jobs.mixed, { ms: 20, naps }, { id })
        return this.#crew.client.run(this.#crew.jobs.mixed, id)
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error
        await wait(pauseMs)
      }
    }
  }
}
