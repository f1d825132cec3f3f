import type { Logger } from '../model/job.ts'
import { deadlockRemedy, deadlockText, readDeadlocks, type WaitGraphs } from '../store/deadlock-check.ts'
import { deadlockName } from '../store/deadlocks.ts'
import type { Duty, DutyTerm } from './duty.ts'

/** As often as the sweep: a deadlock does not go away, and a check costs a command even without limiters. */
const lookEveryMs = 20_000
/** The pause between two pages of one check, so that other work gets its turn. */
const pageBreakMs = 20

/**
 * Logs runs that wait for each other's limiters, each deadlock once. It ends none: an operator decides which run to
 * cancel.
 */
export class DeadlockDuty implements Duty {
  readonly name = 'deadlocks'
  readonly #store: WaitGraphs
  readonly #log: Logger
  /** The deadlocks that the last check found. */
  #known: ReadonlySet<string> = new Set()

  constructor(store: WaitGraphs, log: Logger) {
    this.#store = store
    this.#log = log
  }

  async work(term: DutyTerm): Promise<void> {
    while (!term.signal.aborted) {
      await this.#look(term)
      term.beat()
      await term.pause(lookEveryMs)
    }
  }

  async #look(term: DutyTerm): Promise<void> {
    const found = new Set<string>()
    for await (const deadlocks of readDeadlocks(this.#store)) {
      if (term.signal.aborted) return
      for (const deadlock of deadlocks) {
        const name = deadlockName(deadlock)
        if (!found.has(name) && !this.#known.has(name)) {
          const { runs } = deadlock
          const facts = { runs: runs.map(({ id }) => id), limiters: runs.map(({ limiter }) => limiter) }
          this.#log.warn(facts, `${deadlockText(deadlock)}; ${deadlockRemedy(deadlock)}`)
        }
        found.add(name)
      }
      await term.pause(pageBreakMs)
    }
    this.#known = found
  }
}
