type Happening = () => void | Promise<void>

/**
 * The schedule of events, in a past that is played as fast as the store takes it.
 * TL1  Time stands still while an event is played, and then jumps to the next event.
 * TL2  An event put at a past time happens now; events of one instant in the order in which they were put.
 */
export class Timeline {
  readonly #happenings = new Map<number, Happening[]>()
  /** Instants of `#happenings`, as a binary heap with the first one on top. */
  readonly #instants: number[] = []
  readonly begin: number
  #now: number

  constructor(begin: number) {
    this.begin = begin
    this.#now = begin
  }

  get now(): number {
    return this.#now
  }

  at(time: number, happen: Happening): void {
    const instant = Math.max(this.#now, Math.round(time))
    const there = this.#happenings.get(instant)
    if (there !== undefined) {
      there.push(happen)
      return
    }
    this.#happenings.set(instant, [happen])
    this.#push(instant)
  }

  /**
   * Plays everything before `end`; then it's `end`. What lies behind it never happens.
   * `afterInstant` is awaited between two instants.
   */
  async playUntil(
    end: number,
    afterInstant: () => Promise<void> | undefined = () => undefined,
  ): Promise<void> {
    for (let next = this.#instants[0]; next !== undefined && next < end; next = this.#instants[0]) {
      this.#now = next
      // What happens may put more at this very instant.
      for (let happen = this.#take(next); happen !== undefined; happen = this.#take(next)) await happen()
      this.#happenings.delete(next)
      this.#pop()
      await afterInstant()
    }
    this.#now = end
  }

  #take(instant: number): Happening | undefined {
    return this.#happenings.get(instant)?.shift()
  }

  #push(instant: number): void {
    const heap = this.#instants
    let i = heap.push(instant) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = heap[parent] as number
      if (above <= instant) break
      heap[i] = above
      i = parent
    }
    heap[i] = instant
  }

  #pop(): void {
    const heap = this.#instants
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      const right = left + 1
      const child = right < heap.length && (heap[right] as number) < (heap[left] as number) ? right : left
      const below = heap[child]
      if (below === undefined || below >= last) break
      heap[i] = below
      i = child
    }
    heap[i] = last
  }
}
