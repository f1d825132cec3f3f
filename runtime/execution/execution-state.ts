import { forever } from './forever.ts'
import type { Macrotasks } from './macrotasks.ts'
import { isHandOver, type Stop } from './stop.ts'

const resolved = Promise.resolve()

/** Called after every change that may let the execution end or be suspended. */
export interface StateListener {
  changed(): void
  stopped(stop: Stop): void
}

/**
 * What one execution may still do: whether a step may begin, which store calls are in flight, and why it is to stop.
 * The parts of an execution share it and know nothing else of each other.
 */
export class ExecutionState {
  readonly #macrotasks: Macrotasks
  readonly #listener: StateListener
  #stop: Stop | undefined
  #hasEnded = false
  #isClosed = false
  #heldSteps = 0
  #calls = 0
  #gate: Promise<void> | undefined
  #tellStored: (() => void)[] = []

  constructor(macrotasks: Macrotasks, listener: StateListener) {
    this.#macrotasks = macrotasks
    this.#listener = listener
  }

  get stop(): Stop | undefined {
    return this.#stop
  }

  /** Whether the job's function has ended: no step begins any more. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether nothing is written and no step settles any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Whether a store call of a step is in flight: it keeps the execution from ending (E4). */
  get isStoring(): boolean {
    return this.#calls > 0
  }

  /** Resolves when no store call of a step is under way: in an outage that is not soon. */
  async stored(): Promise<void> {
    while (this.isStoring) await new Promise<void>((resolve) => this.#tellStored.push(resolve))
  }

  /** Whether a step call is held because the execution is to stop. */
  get holdsSteps(): boolean {
    return this.#heldSteps > 0
  }

  /** E3: whether the body of a stored intent begins although a hand-over was requested. */
  get owesBody(): boolean {
    return this.#stop !== undefined && isHandOver(this.#stop) && !this.#hasEnded && !this.#isClosed
  }

  /** Whether the execution ends as soon as no store call is in flight: no result reaches the code any more. */
  get endsAtOnce(): boolean {
    return this.#stop !== undefined && !isHandOver(this.#stop)
  }

  /** While the store decides on a suspension or on the end of a wait, steps wait for this. */
  get gate(): Promise<void> | undefined {
    return this.#gate
  }

  /** Keeps steps back until the returned function is called. */
  closeGate(): () => void {
    let open = (): void => undefined
    this.#gate = new Promise((resolve) => {
      open = () => {
        this.#gate = undefined
        resolve()
      }
    })
    return open
  }

  /** Asks the execution to end at its next step edge. The first firm reason stays; a lost lease overrides it. */
  requestStop(stop: Stop): void {
    if (this.#isClosed || this.#stop?.kind === 'lost') return
    if (this.#hasEnded && stop.kind !== 'lost') return
    // A drain must not remove a run's need of protection.
    const isFirm = this.#stop !== undefined && (!isHandOver(this.#stop) || stop.kind === 'draining')
    if (isFirm && stop.kind !== 'lost') return
    this.#stop = stop
    this.#listener.stopped(stop)
  }

  end(): void {
    this.#hasEnded = true
  }

  close(): void {
    this.#isClosed = true
  }

  changed(): void {
    this.#listener.changed()
  }

  /** E3: resolves when a step may begin, and never once the execution is to stop. */
  mayBegin(): Promise<void> {
    if (this.#gate !== undefined) return this.#gate.then(() => this.mayBegin())
    return this.mayBeginNow ? resolved : this.holdStep()
  }

  /** E3: whether a step may begin at once. */
  get mayBeginNow(): boolean {
    return this.#gate === undefined && this.#stop === undefined && !this.#hasEnded && !this.#isClosed
  }

  /** Holds a step call forever: no `catch` of the author sees it (E3). */
  holdStep(): Promise<never> {
    this.#heldSteps++
    this.changed()
    return forever()
  }

  /** Makes a store call of a step (E4). */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#calls++
    try {
      return await call()
    } finally {
      this.#endLater()
    }
  }

  /** A body has ended, and its end is about to be stored: as a store call until that has begun. */
  bodyEnded(): void {
    this.#calls++
    this.#endLater()
  }

  /** What follows has begun by then, so that the execution can't end in between. */
  #endLater(): void {
    this.#macrotasks.later(() => {
      this.#calls--
      this.changed()
      if (this.#calls === 0) for (const tell of this.#tellStored.splice(0)) tell()
    })
  }
}
