import { type JournalEntry, maxOrphans } from '../model/journal.ts'
import type { StepKind } from '../model/step-kind.ts'
import type { StepPath } from '../model/step-path.ts'
import type { StoredError } from '../model/stored-error.ts'

/** What the journal of earlier executions knows of one step. */
export interface StoredStep {
  readonly kind: StepKind
  /** Of its last entry. */
  position: number
  /** Attempts that failed or began so far. */
  attempts: number
  /** Set when the step has ended. */
  end?: Extract<JournalEntry, { phase: 'done' | 'failed' }>
  /** The last deadline it waits for. */
  wait?: { readonly position: number; readonly remainingMs: number; readonly error?: StoredError }
  /** An at-most-once body began, and its end was never stored. */
  unknown?: boolean
}

/** The journal by path, and its ends in journal order. Entries are dropped once their step took them. */
export class JournalIndex {
  readonly #steps = new Map<StepPath, StoredStep>()
  readonly #ends: StepPath[] = []
  /** Steps that began, have not ended and were not taken yet. */
  readonly #begun = new Set<StepPath>()

  add(entries: readonly JournalEntry[]): void {
    for (const entry of entries) this.#addEntry(entry)
  }

  /** Paths of ended steps in the order they were stored. */
  get ends(): readonly StepPath[] {
    return this.#ends
  }

  /** Whether a step that began and has not ended is still to be taken. */
  get hasBegun(): boolean {
    return this.#begun.size > 0
  }

  take(path: StepPath): StoredStep | undefined {
    const step = this.#steps.get(path)
    this.#begun.delete(path)
    this.#steps.delete(path)
    return step
  }

  /** Returns the last positions of stored steps that pass `filter` and that no code took: the first `maxOrphans`. */
  untaken(filter: (path: StepPath) => boolean): readonly number[] {
    const left = [...this.#steps].filter(([path]) => filter(path)).map(([, { position }]) => position)
    return left.sort((a, b) => a - b).slice(0, maxOrphans)
  }

  #addEntry(entry: JournalEntry): void {
    const { path, kind, position } = entry
    const step: StoredStep = this.#steps.get(path) ?? { kind, position, attempts: 0 }
    step.position = position
    this.#steps.set(path, step)
    this.#begun.add(path)
    switch (entry.phase) {
      case 'intent':
        step.attempts = entry.attempt
        step.unknown = true
        break
      case 'waiting':
        step.wait = { position: entry.position, remainingMs: entry.remainingMs }
        break
      case 'retrying':
        step.attempts = entry.attempt
        step.wait = { position: entry.position, remainingMs: entry.remainingMs, error: entry.error }
        break
      case 'done':
      case 'failed':
        step.end = entry
        step.unknown = false
        this.#begun.delete(path)
        this.#ends.push(entry.path)
        break
    }
  }
}
