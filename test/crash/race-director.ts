import { SeededRandom } from '../support/seeded-random.ts'

/**
 * The state of a run in the store when its worker is killed, beside the steps that the code saw: nothing more, no bodies that
 * have ended, or the ends of bodies whose commit the worker saw no reply to.
 */
export type RaceDeath = 'at rest' | 'before commit' | 'after commit'

interface RaceDirectorDeps {
  readonly seed: number
  /** How many workers have been killed under the run. */
  readonly generation: number
  /** The run is at the point where its worker has to be killed. */
  readonly onFrozen: () => void
}

const maxKills = 3
const maxMoves = 4

/**
 * Ends the bodies of one execution in an order that seed and generation determine: when nothing but bodies is open, it ends one
 * or some of them. Each generation has another order, so a race whose winner is not taken from the journal has another one.
 */
export class RaceDirector {
  readonly #deps: RaceDirectorDeps
  readonly #random: SeededRandom
  /** Moves until the worker is killed; without end in the last generations, whose races may be decided. */
  readonly #movesUntilDeath: number
  readonly #bodies = new Map<string, () => void>()
  readonly #unreleased = new Set<string>()
  #pending: (() => void)[] = []
  #moves = 0
  #isLooking = false
  #mayReturn = false
  #death: RaceDeath | undefined
  #end = (): void => undefined
  /** Resolves when the function may return. */
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve
  })

  constructor(deps: RaceDirectorDeps) {
    this.#deps = deps
    this.#random = new SeededRandom(deps.seed * 8 + deps.generation)
    const kills = new SeededRandom(-deps.seed).between(1, maxKills)
    this.#movesUntilDeath =
      deps.generation < kills ? this.#random.between(1, maxMoves) : Number.POSITIVE_INFINITY
  }

  /** How the process dies, once it is frozen. */
  get death(): RaceDeath | undefined {
    return this.#death
  }

  /** How many bodies end when its worker is killed. */
  get pendingEnds(): number {
    return this.#pending.length
  }

  called(path: string): void {
    this.#unreleased.add(path)
    this.#look()
  }

  released(path: string): void {
    this.#unreleased.delete(path)
    this.#look()
  }

  /** A body has started. Resolves when it may end. */
  body(path: string): Promise<void> {
    if (this.#mayReturn) return Promise.resolve()
    return new Promise((resolve) => {
      this.#bodies.set(path, resolve)
      this.#look()
    })
  }

  /**
   * The function is about to return. Resolves if nothing was stored in this execution: it has replayed the whole journal. Else it
   * is frozen, for the next generation to do so.
   */
  async returning(): Promise<void> {
    if (this.#moves > 0) {
      this.#freeze()
      return new Promise(() => undefined)
    }
    this.#mayReturn = true
    for (const end of this.#bodies.values()) end()
    this.#end()
  }

  /** Ends the bodies that end when the worker is killed. */
  endPending(): void {
    for (const end of this.#pending) end()
  }

  /** All continuations of a promise have run when the macrotask has ended. */
  #look(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    setImmediate(() => {
      this.#isLooking = false
      if (this.#isAtRest) this.#move()
    })
  }

  /** Whether every step that was called, and has not settled, is in its body. */
  get #isAtRest(): boolean {
    if (this.#mayReturn || this.#death !== undefined || this.#bodies.size === 0) return false
    return [...this.#unreleased].every((path) => this.#bodies.has(path))
  }

  #move(): void {
    if (this.#moves === this.#movesUntilDeath) {
      this.#freeze()
      return
    }
    this.#moves++
    for (const end of this.#takeBodies()) end()
  }

  #freeze(): void {
    this.#death = this.#random.pick<RaceDeath>(['at rest', 'before commit', 'after commit'])
    if (this.#death !== 'at rest') this.#pending = this.#takeBodies()
    this.#deps.onFrozen()
  }

  /** One body, or several that end in the same macrotask, in their order. */
  #takeBodies(): (() => void)[] {
    const paths = [...this.#bodies.keys()].toSorted()
    const count = Math.min(paths.length, this.#random.next() < 0.7 ? 1 : this.#random.between(2, 3))
    return Array.from({ length: count }, () => {
      const [path = ''] = paths.splice(this.#random.between(0, paths.length - 1), 1)
      const end = this.#bodies.get(path)
      this.#bodies.delete(path)
      return end ?? (() => undefined)
    })
  }
}
