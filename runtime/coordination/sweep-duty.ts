import type { Clock } from '../model/clock.ts'
import type { Logger } from '../model/job.ts'
import type { Store } from '../store/store.ts'
import type { Duty, DutyTerm } from './duty.ts'

const sweepEveryMs = 20_000
const sweepLimit = 1_000
/** The pause after a full sweep, so that other work gets its turn. */
const sweepBreakMs = 20

/** Prunes ended runs and repairs G6. Two concurrent sweeps do no harm: a sweep is right under any caller. */
export class SweepDuty implements Duty {
  readonly name = 'sweep'
  readonly #store: Pick<Store, 'sweep' | 'recount'>
  readonly #clock: Clock
  readonly #log: Logger

  constructor(
    store: Pick<Store, 'sweep' | 'recount'>,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  async work(term: DutyTerm): Promise<void> {
    while (!term.signal.aborted) {
      await term.pause(sweepEveryMs * (0.75 + this.#clock.random() / 2))
      await this.#sweepAll(term)
    }
  }

  /** Repeats until nothing is left to prune: runs may end faster than one sweep removes them. */
  async #sweepAll(term: DutyTerm): Promise<void> {
    for (let more = true; more && !term.signal.aborted; ) {
      const report = await this.#store.sweep(sweepLimit)
      term.beat()
      if (report.repaired.length > 0) {
        this.#log.error({ runs: report.repaired }, 'runs were in no place and were made ready again')
      }
      if (report.freedKeys !== undefined) {
        this.#log.error({ keys: report.freedKeys }, 'unique keys outlived their runs and were freed')
      }
      if (report.recountDue) await this.#recount(term)
      more = report.pruned >= sweepLimit
      if (more) await term.pause(sweepBreakMs)
    }
  }

  async #recount(term: DutyTerm): Promise<void> {
    for (let done = false; !done && !term.signal.aborted; ) {
      const report = await this.#store.recount()
      term.beat()
      done = report.done
      if (report.miscounts.length > 0) {
        const [first] = report.miscounts
        this.#log.info(
          { counters: report.miscounts.length, first },
          'counters of runs were wrong, as after a deploy of an older version, and were put right',
        )
      }
      if (!done) await term.pause(sweepBreakMs)
    }
  }
}
