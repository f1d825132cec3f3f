type Listener<E> = (event: E) => void

/** Events in order of time, retained, so that a test can wait for one that has already happened. */
export class EventFeed<E> {
  readonly #history: E[] = []
  readonly #listeners = new Set<Listener<E>>()

  get history(): readonly E[] {
    return this.#history
  }

  emit(event: E): void {
    this.#history.push(event)
    for (const listener of [...this.#listeners]) listener(event)
  }

  /** Returns the function that unsubscribes. */
  subscribe(listener: Listener<E>): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves with the first event that matches, past ones included. */
  async first<M extends E>(matches: (event: E) => event is M): Promise<M>
  async first(matches: (event: E) => boolean): Promise<E>
  async first(matches: (event: E) => boolean): Promise<E> {
    return this.#history.find(matches) ?? (await this.next(matches))
  }

  /** Resolves with the first event from now on that matches. */
  next(matches: (event: E) => boolean): Promise<E> {
    return new Promise((resolve) => {
      const unsubscribe = this.subscribe((event) => {
        if (!matches(event)) return
        unsubscribe()
        resolve(event)
      })
    })
  }

  /** Resolves when `holds` is true, evaluated now and after every event. */
  async until(holds: () => boolean): Promise<void> {
    if (!holds()) await this.next(() => holds())
  }
}
