import { expect } from 'vitest'
import type { RunState } from '../../../runtime/model/run.ts'
import type { StoreEvent } from '../../../runtime/store/events.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { numberIn, readAllEvents } from '../read-events.ts'

/** All events of the logs of a store so far, as seen by a reader that never misses any. */
export class ToldEvents {
  /** By run: the state that its last transition led to. */
  readonly states = new Map<string, RunState>()
  /** Operation and subject of each operation. */
  readonly operations: string[] = []
  #cursor: string | undefined
  #number = 0

  /** Reads on; numbers have no gaps, over both logs. */
  async read(store: Store): Promise<void> {
    this.#cursor ??= (await store.events({ limit: 1 })).cursor.replace(/\d+$/, '0')
    const { events, gap, cursor } = await readAllEvents(store, { after: this.#cursor, limit: 50 })
    expect(gap).toBe(false)
    for (const event of events) this.#take(event)
    expect(numberIn(cursor)).toBe(this.#number)
    this.#cursor = cursor
  }

  #take(event: StoreEvent): void {
    expect(numberIn(event.cursor)).toBe(++this.#number)
    if (event.kind === 'run') this.states.set(event.run, event.state)
    else this.operations.push(`${event.operation} ${event.subject}`)
  }
}
