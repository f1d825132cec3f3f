import { pause } from '../model/clock.ts'
import { AbortedError, outageKindOf } from '../model/errors.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { DutyAges } from '../store/terms.ts'
import type { Duty } from './duty.ts'
import type { ElectorDeps, RoleWork, RunningTerm } from './elector.ts'

/** The argument of a function given to `onLeader`. */
export interface Leading {
  /** Aborts when the term ends; work that the function does not stop then may overlap with another leader's. */
  readonly signal: AbortSignal
  /** The term's number. It only grows: a store of your own that keeps it can refuse what an older leader writes. */
  readonly fence: number
  readonly role: string
}

export type LeaderFunction = (leading: Leading) => unknown

type RoleRunnerDeps = Pick<ElectorDeps, 'clock' | 'log'>

/** Work that runs once per term. */
interface Task {
  readonly name: string
  readonly left: AbortController
  readonly run: (term: RunningTerm) => unknown
}

const firstRestartMs = 1_000
const maxRestartMs = 30_000

/**
 * The work of one role: duties of the runtime, and functions of the application.
 * O1  Each begins once per term, at once if it is added while the term runs.
 * O2  If it throws, the error is logged and it begins again, later each time, while the term lasts. If it returns, it
 * is done.
 * O3  A duty's age counts from the begin of the term until its first successful round, and from its last one after
 * that.
 */
export class RoleRunner implements RoleWork {
  readonly role: string
  readonly #deps: RoleRunnerDeps
  readonly #tasks = new Set<Task>()
  readonly #goodAt = new Map<string, number>()
  #term: RunningTerm | undefined
  #running = new Set<Promise<void>>()

  constructor(role: string, deps: RoleRunnerDeps) {
    this.role = role
    this.#deps = deps
  }

  /** Whether a term would have any work. */
  get isVacant(): boolean {
    return this.#tasks.size === 0
  }

  addDuty(duty: Duty): void {
    const { clock } = this.#deps
    this.#add(duty.name, ({ fence, signal }) => {
      const beat = (): void => {
        // One that continues beyond its term reports nothing about the next.
        if (!signal.aborted) this.#goodAt.set(duty.name, clock.elapsed())
      }
      // After a failure it must succeed again before it counts as alive (O3).
      if (!this.#goodAt.has(duty.name)) beat()
      return duty.work({
        fence,
        signal,
        beat,
        pause: (ms, wake) => pause(clock, ms, wake ? AbortSignal.any([signal, wake]) : signal),
      })
    })
  }

  /** Returns a function that removes it again and aborts its signal. */
  addListener(lead: LeaderFunction): () => void {
    return this.#add('onLeader', ({ fence, signal }) => lead({ fence, signal, role: this.role }))
  }

  dutyAges(): DutyAges {
    const now = this.#deps.clock.elapsed()
    return Object.fromEntries([...this.#goodAt].map(([name, at]) => [name, now - at]))
  }

  async serve(term: RunningTerm): Promise<void> {
    this.#term = term
    this.#running = new Set()
    const running = this.#running
    for (const task of this.#tasks) this.#start(task, term)
    await new Promise<void>((resolve) => {
      if (term.signal.aborted) resolve()
      else term.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    this.#term = undefined
    this.#goodAt.clear()
    await Promise.all(running)
  }

  #add(name: string, run: Task['run']): () => void {
    const task: Task = { name, run, left: new AbortController() }
    this.#tasks.add(task)
    if (this.#term !== undefined) this.#start(task, this.#term)
    return () => {
      this.#tasks.delete(task)
      task.left.abort(new AbortedError('unsubscribed'))
    }
  }

  #start(task: Task, { fence, signal }: RunningTerm): void {
    const running = this.#running
    const run = this.#runUntilDone(task, { fence, signal: AbortSignal.any([signal, task.left.signal]) })
    running.add(run)
    void run.finally(() => running.delete(run))
  }

  /** O2. Never rejects. */
  async #runUntilDone({ name, run }: Task, term: RunningTerm): Promise<void> {
    const { clock, log } = this.#deps
    for (let failures = 0; !term.signal.aborted; ) {
      const begunAt = clock.elapsed()
      try {
        await run(term)
        return
      } catch (error) {
        if (term.signal.aborted) return
        // One that had worked for long starts again with short pauses.
        failures = clock.elapsed() - begunAt > maxRestartMs ? 1 : failures + 1
        // The worker logs an error caused by an outage, once for all.
        if (outageKindOf(error) === undefined) {
          log.error(
            { role: this.role, duty: name, err: toStoredError(error) },
            'a duty failed; it begins again',
          )
        }
      }
      const ms = Math.min(maxRestartMs, firstRestartMs * 2 ** Math.min(failures - 1, 10))
      await pause(clock, ms * (0.5 + clock.random() / 2), term.signal)
    }
  }
}
