import type { Clock } from '../model/clock.ts'
import type { JournalEntry } from '../model/journal.ts'
import { onFailedPath, type StepPath } from '../model/step-path.ts'
import type { StateListener } from './execution-state.ts'
import { JournalIndex, type StoredStep } from './journal-index.ts'
import type { Macrotasks } from './macrotasks.ts'
import { ReleaseQueue } from './release-queue.ts'

const noOrphans: readonly number[] = []

/** The results of one execution's steps: those of earlier executions, and the order in which all reach the job's code. */
export class StepResults {
  readonly #clock: Clock
  readonly #macrotasks: Macrotasks
  readonly #listener: Pick<StateListener, 'changed'>
  // Made on first use: a new run has no journal, and a job without steps no queue.
  #index: JournalIndex | undefined
  #queue: ReleaseQueue | undefined
  #hasCalledNew = false

  constructor(clock: Clock, macrotasks: Macrotasks, listener: Pick<StateListener, 'changed'>) {
    this.#clock = clock
    this.#macrotasks = macrotasks
    this.#listener = listener
  }

  /**
   * Whether the code repeats what earlier executions did: results of them are still to be handed out, or it has yet to
   * reach a step at which they waited. A new step ends the latter, as code may no longer have that step.
   */
  get areReplayed(): boolean {
    return this.#queue?.replaying === true || (this.#index?.hasBegun === true && !this.#hasCalledNew)
  }

  /** Whether a result that the code has requested is still to reach it. */
  get areOnTheirWay(): boolean {
    return this.#queue?.busy === true
  }

  /** Adds a page of the journal of earlier executions. */
  add(entries: readonly JournalEntry[]): void {
    if (entries.length === 0) return
    this.#index ??= new JournalIndex()
    this.#index.add(entries)
  }

  /** Every page was added: their results are handed out as the code requests them. */
  load(): void {
    const ends = this.#index?.ends.filter((path) => path !== onFailedPath) ?? []
    if (ends.length > 0) this.#released.load(ends)
  }

  /** Returns the stored results of a step from earlier executions, once. */
  take(path: StepPath): StoredStep | undefined {
    const step = this.#index?.take(path)
    if (step === undefined) this.#hasCalledNew = true
    return step
  }

  /** Keeps the place of a result that the store has just taken. */
  stored(path: StepPath): void {
    if (path !== onFailedPath) this.#released.stored(path)
  }

  /** Resolves when the result may reach the code (R1). */
  release(path: StepPath): Promise<void> {
    return new Promise((resolve) => this.#released.called(path, resolve))
  }

  /**
   * Returns the positions of the stored steps that the code no longer calls. Once it has returned these are all
   * uncalled ones; before, only those that it went past, as it may yet call the others.
   */
  findOrphans(hasReturned: boolean): readonly number[] {
    if (this.#index === undefined) return noOrphans
    return this.#index.untaken(
      (path) => path !== onFailedPath && (hasReturned || this.#queue?.isOvertaken(path) === true),
    )
  }

  /** No result reaches the code any more. */
  close(): void {
    this.#queue?.close()
  }

  get #released(): ReleaseQueue {
    this.#queue ??= new ReleaseQueue(this.#clock, this.#macrotasks, () => this.#listener.changed())
    return this.#queue
  }
}
