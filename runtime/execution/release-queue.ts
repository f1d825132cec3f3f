import type { CancelTimer, Clock } from '../model/clock.ts'
import type { StepPath } from '../model/step-path.ts'
import type { Macrotasks } from './macrotasks.ts'

interface Item {
  readonly path: StepPath
  /** By an earlier execution. */
  readonly stored?: true
  /** Set once the code has called the step. */
  deliver?: () => void
}

/**
 * How long the head of the queue may stay uncalled while other steps wait behind it. Counted in ticks of a live event
 * loop: time in which it is blocked gives the code no chance to call.
 */
const patience = { ticks: 20, tickMs: 50 } as const

/**
 * Hands stored results to the job's code in journal order, so that native race, any and all take the same
 * path on a resume as on the first run (R1).
 * R1a  One result at a time, each in a macrotask that it shares with no other result of this execution. A result of this
 *      execution is handed out in the macrotask in which it was stored, unless that one is used; those of earlier ones always
 *      in a later one, so that what the code calls together is in the queue.
 * R1b  A result is handed out only when the code has called its step and every earlier result is out. One of this execution has
 *      its place from the store's reply on: how soon its step goes on then depends on the kind of step and how it ended.
 * R1c  An uncalled head gives way when patience ends: its step was removed from the code (an orphan).
 */
export class ReleaseQueue {
  readonly #clock: Clock
  readonly #macrotasks: Macrotasks
  readonly #onIdle: () => void
  #items: Item[] = []
  #head = 0
  readonly #uncalled = new Map<StepPath, Item>()
  /** Results of this execution whose steps have not asked for them: they are about to. */
  readonly #reserved = new Map<StepPath, Item>()
  /**
   * Uncalled results that were passed over, and those of them that a later result of an earlier execution has overtaken
   * since.
   */
  readonly #gaveWay = new Set<StepPath>()
  readonly #overtaken = new Set<StepPath>()
  #hopping = false
  #usedMacrotask = -1
  #patience: CancelTimer | undefined
  #stored = 0

  constructor(clock: Clock, macrotasks: Macrotasks, onIdle: () => void) {
    this.#clock = clock
    this.#macrotasks = macrotasks
    this.#onIdle = onIdle
  }

  /** Whether results stored by an earlier execution are still to be handed out. */
  get replaying(): boolean {
    return this.#stored > 0
  }

  /** Whether a result that the code has requested is still to reach it. */
  get busy(): boolean {
    return this.#hopping || this.#items.length - this.#head > this.#uncalled.size
  }

  /**
   * Returns whether the code continued, past a stored result that it had not called (R1c), to one stored later. A
   * result of this execution alone proves nothing: a new step in the code is in the queue behind those it has yet to
   * call.
   */
  isOvertaken(path: StepPath): boolean {
    return this.#overtaken.has(path)
  }

  /** Queues the results of earlier executions, in journal order. */
  load(paths: readonly StepPath[]): void {
    for (const path of paths) {
      const item: Item = { path, stored: true }
      this.#items.push(item)
      this.#uncalled.set(path, item)
      this.#stored++
    }
  }

  /** Queues a result of this execution, as the store has replied. */
  stored(path: StepPath): void {
    const item: Item = { path }
    this.#items.push(item)
    this.#reserved.set(path, item)
  }

  /** A step asks for its result. */
  called(path: StepPath, deliver: () => void): void {
    const item = this.#uncalled.get(path) ?? this.#reserved.get(path)
    // Without one the result gave way before the code called its step.
    if (item === undefined) this.#items.push({ path, deliver })
    else item.deliver = deliver
    this.#uncalled.delete(path)
    this.#reserved.delete(path)
    this.#pump()
  }

  close(): void {
    this.#patience?.()
    this.#patience = undefined
    this.#items = []
    this.#head = 0
    this.#stored = 0
    this.#uncalled.clear()
    this.#reserved.clear()
  }

  #pump(): void {
    if (this.#hopping) return
    const head = this.#items[this.#head]
    if (head === undefined) {
      this.#items = []
      this.#head = 0
      this.#onIdle()
    } else if (head.deliver === undefined) {
      if (!this.#isReserved(head)) this.#waitForHead()
    } else {
      this.#patience?.()
      this.#patience = undefined
      if (head.stored || this.#macrotasks.current === this.#usedMacrotask) this.#hop(head, head.deliver)
      else this.#release(head, head.deliver)
    }
  }

  #hop(head: Item, deliver: () => void): void {
    this.#hopping = true
    this.#macrotasks.later(() => {
      this.#hopping = false
      if (this.#items[this.#head] === head) this.#release(head, deliver)
    })
  }

  #release(head: Item, deliver: () => void): void {
    this.#usedMacrotask = this.#macrotasks.current
    this.#advance()
    if (head.stored) this.#overtake()
    deliver()
    this.#pump()
  }

  #overtake(): void {
    for (const path of this.#gaveWay) this.#overtaken.add(path)
    this.#gaveWay.clear()
  }

  #isReserved(item: Item): boolean {
    return this.#reserved.get(item.path) === item
  }

  #waitForHead(): void {
    if (this.#patience !== undefined || !this.busy) return
    this.#tick(patience.ticks)
  }

  #tick(left: number): void {
    this.#patience = this.#clock.after(patience.tickMs, () => {
      if (left > 0) {
        // Events that the loop has to deliver go first.
        const own = this.#patience
        this.#clock.soon(() => {
          if (this.#patience === own) this.#tick(left - 1)
        })
        return
      }
      this.#patience = undefined
      for (let head = this.#items[this.#head]; head && !head.deliver; head = this.#items[this.#head]) {
        if (this.#isReserved(head)) break
        this.#uncalled.delete(head.path)
        this.#gaveWay.add(head.path)
        this.#advance()
      }
      this.#pump()
    })
  }

  #advance(): void {
    this.#head++
    if (this.#stored > 0) this.#stored--
  }
}
