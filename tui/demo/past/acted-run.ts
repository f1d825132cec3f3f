import { judgeStepFailure } from '../../../runtime/execution/classify-failure.ts'
import { failureMark } from '../../../runtime/execution/fingerprint.ts'
import { decodeValue, encodeValue } from '../../../runtime/model/codec.ts'
import { JournalMismatchError, StepFailedError, StepUnknownError } from '../../../runtime/model/errors.ts'
import type { JournalEntry, JournalRecord } from '../../../runtime/model/journal.ts'
import type { Outcome } from '../../../runtime/model/outcome.ts'
import { parseRetry } from '../../../runtime/model/retry-policy.ts'
import { toStoredError } from '../../../runtime/model/stored-error.ts'
import type { ClaimedRun } from '../../../runtime/store/store.ts'
import { actWork, type Scene } from '../shop/act-work.ts'
import type { Facts, Part, Pause, Work } from '../shop/plot.ts'

/** The next move of a run, after some time: records for its journal, and how its execution ends, if it does. */
export interface Move {
  readonly afterMs: number
  readonly records: readonly JournalRecord[]
  readonly outcome?: Outcome
}

/** A worker's knowledge of the job. */
export interface ActedCode {
  readonly version: number
  readonly digest: string
  readonly parts: readonly Part[]
}

const maxValueBytes = 1_048_576
/** The context of a worker between two entries of a journal. */
const overheadMs = 2
const nothing = encodeValue(undefined, 'nothing', maxValueBytes)

/**
 * One execution of a run, acted by its plot instead of by its function: it stores the entries that a worker with that
 * function would have stored. It begins at the end of the run's journal.
 */
export class ActedRun {
  readonly run: ClaimedRun
  readonly input: Facts
  readonly #last = new Map<string, JournalEntry>()
  readonly #attempts = new Map<string, number>()
  readonly #code: ActedCode
  /** Last stored position. */
  position: number
  #output: Uint8Array = nothing

  constructor(run: ClaimedRun, code: ActedCode) {
    this.run = run
    this.input = decodeValue(run.input, `input of run '${run.id}'`) as Facts
    this.position = run.position
    this.#code = code
    for (const entry of run.journal.entries) this.#keep(entry)
  }

  next(scene: Scene): Move {
    const part = this.#code.parts.find(({ name }) => !this.#hasEnded(name))
    if (part === undefined) return this.#end(overheadMs, [])
    const stored = this.#last.get(part.name)
    if (stored !== undefined && stored.kind !== part.does) {
      const { message } = new JournalMismatchError(part.name, stored.kind, part.does)
      return this.#end(overheadMs, [], { kind: 'blocked', reason: message, digest: this.#code.digest })
    }
    return part.does === 'sleep' ? this.#sleep(part, stored, scene) : this.#work(part, stored, scene)
  }

  /** Applies the store's replies to a move. */
  stored({ records }: Move, at: number): void {
    for (const record of records) this.#keep({ ...record, position: ++this.position, at, remainingMs: 0 })
  }

  #keep(entry: JournalEntry): void {
    this.#last.set(entry.path, entry)
    if (entry.phase === 'retrying') this.#attempts.set(entry.path, entry.attempt)
    if (entry.phase === 'done' && entry.kind === 'run') this.#output = entry.value
  }

  #hasEnded(path: string): boolean {
    const phase = this.#last.get(path)?.phase
    return phase === 'done' || phase === 'failed'
  }

  #sleep(part: Pause, stored: JournalEntry | undefined, { dice }: Scene): Move {
    const base = { path: part.name, kind: 'sleep', attempt: 1, durationMs: 0 } as const
    if (stored !== undefined) {
      const record = { ...base, phase: 'done', value: nothing, waitedAt: stored.position } as const
      return this.#goOn(part, overheadMs, record, this.#output)
    }
    const wait = { kind: 'time', path: part.name, position: this.position + 1 } as const
    const record = { ...base, phase: 'waiting', pauseMs: dice.between(...part.ms) } as const
    return this.#end(overheadMs, [record], { kind: 'waiting', waits: [wait] })
  }

  #work(part: Work, stored: JournalEntry | undefined, scene: Scene): Move {
    const base = { path: part.name, kind: 'run', ...(part.once ? { once: true } : {}) } as const
    const attempt = (this.#attempts.get(part.name) ?? 0) + 1
    if (part.once && stored === undefined) {
      const intent = { ...base, phase: 'intent', attempt, durationMs: 0 } as const
      return { afterMs: overheadMs, records: [intent] }
    }
    // An intent that another execution stored: its outcome is unknown.
    if (part.once && stored !== undefined && stored.position <= this.run.position) {
      return this.#fail(
        part,
        overheadMs,
        { ...base, attempt, durationMs: 0 },
        new StepUnknownError(part.name),
      )
    }
    const act = actWork(part, scene)
    const timed = { ...base, attempt, durationMs: act.ms }
    if (act.ends === 'well') {
      const value = encodeValue(act.result, part.name, maxValueBytes)
      return this.#goOn(part, act.ms, { ...timed, phase: 'done', value }, value)
    }
    const policy = parseRetry(part.retry)
    const verdict = judgeStepFailure(act.error, policy, attempt, scene.dice.next())
    if (verdict.kind === 'final' || part.once) return this.#fail(part, act.ms, timed, act.error)
    // A shorter pause would be spent in the slot.
    const pauseMs = Math.max(1_000, verdict.delayMs)
    return this.#retry(part, { ...timed, pauseMs }, act.error)
  }

  #retry(part: Work, told: Timed & { readonly pauseMs: number }, thrown: Error): Move {
    const error = toStoredError(thrown)
    const mark = failureMark(error, { ...this.#place, step: part.name })
    const { fingerprint } = mark
    const wait = { kind: 'retry', path: part.name, position: this.position + 1, fingerprint } as const
    const record = { ...told, phase: 'retrying', error, mark } as const
    return this.#end(told.durationMs, [record], { kind: 'waiting', waits: [wait] })
  }

  #fail(part: Work, afterMs: number, told: Timed, thrown: Error): Move {
    const error = toStoredError(thrown)
    const mark = failureMark(error, { ...this.#place, step: part.name })
    const escaping =
      thrown instanceof StepUnknownError ? thrown : new StepFailedError(part.name, told.attempt, thrown)
    const record = { ...told, phase: 'failed', error, mark } as const
    const outcome = { kind: 'failed', error: toStoredError(escaping), mark, escaped: part.name } as const
    return this.#end(afterMs, [record], outcome)
  }

  /** The end of a step, and of the run with its last step. */
  #goOn(part: Part, afterMs: number, record: JournalRecord, output: Uint8Array): Move {
    if (part !== this.#code.parts.at(-1)) return { afterMs, records: [record] }
    this.#output = output
    return this.#end(afterMs, [record])
  }

  #end(afterMs: number, records: readonly JournalRecord[], outcome?: Outcome): Move {
    return { afterMs, records, outcome: outcome ?? { kind: 'completed', output: this.#output } }
  }

  get #place(): { readonly job: string; readonly version: number } {
    return { job: this.run.job, version: this.#code.version }
  }
}

interface Timed {
  readonly path: string
  readonly kind: 'run'
  readonly once?: boolean
  readonly attempt: number
  readonly durationMs: number
}
