/** The conditions that delay the bytes of all lanes of a proxy. */
export interface Conditions {
  stalled: boolean
  delayMs: number
}

interface Held<T> {
  readonly item: T
  readonly due: number
}

/** One direction of a connection: delivers in order, at once or as late as the conditions want it. */
export class Lane<T> {
  readonly #conditions: Readonly<Conditions>
  readonly #deliver: (item: T) => void
  readonly #queue: Held<T>[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(conditions: Readonly<Conditions>, deliver: (item: T) => void) {
    this.#conditions = conditions
    this.#deliver = deliver
  }

  /** The bytes not delivered yet. */
  get held(): readonly T[] {
    return this.#queue.map(({ item }) => item)
  }

  push(item: T): void {
    this.#queue.push({ item, due: performance.now() + this.#conditions.delayMs })
    this.flow()
  }

  /** Delivers due bytes; call it when the conditions have changed. */
  flow(): void {
    clearTimeout(this.#timer)
    for (;;) {
      const next = this.#queue[0]
      if (next === undefined || this.#conditions.stalled) return
      const early = this.#conditions.delayMs === 0 ? 0 : next.due - performance.now()
      if (early > 0) {
        this.#timer = setTimeout(() => this.flow(), Math.ceil(early))
        return
      }
      this.#queue.shift()
      this.#deliver(next.item)
    }
  }

  /** Removes the bytes not delivered yet. */
  take(): readonly T[] {
    clearTimeout(this.#timer)
    return this.#queue.splice(0).map(({ item }) => item)
  }
}
