import type { Clock } from '../model/clock.ts'
import type { Store } from '../store/store.ts'
import type { Duty, DutyTerm } from './duty.ts'
import { emfLine } from './emf-line.ts'
import { fleetMetrics } from './fleet-metrics.ts'

export interface MetricsDutyDeps {
  readonly clock: Clock
  /** Of CloudWatch. */
  readonly namespace: string
  readonly print: (line: string) => void
}

const everyMs = 60_000
/** A duty without a report for a minute counts as dead. */
const beatEveryMs = 20_000

/**
 * Prints the metrics of the fleet once a minute, as lines of the embedded metric format: only the leader, else they
 * would add up.
 */
export class MetricsDuty implements Duty {
  readonly name = 'metrics'
  readonly #store: Pick<Store, 'queues' | 'statistics' | 'workers'>
  readonly #deps: MetricsDutyDeps
  #minute: number | undefined

  constructor(store: Pick<Store, 'queues' | 'statistics' | 'workers'>, deps: MetricsDutyDeps) {
    this.#store = store
    this.#deps = deps
  }

  async work(term: DutyTerm): Promise<void> {
    const { clock } = this.#deps
    while (!term.signal.aborted) {
      const minute = Math.floor(clock.now() / everyMs)
      if (minute !== this.#minute) await this.#print()
      this.#minute = minute
      term.beat()
      await term.pause(Math.min(beatEveryMs, everyMs - (clock.now() % everyMs)))
    }
  }

  async #print(): Promise<void> {
    const { clock, namespace, print } = this.#deps
    const [queues, workers, statistics] = await Promise.all([
      this.#store.queues(),
      this.#store.workers(),
      this.#store.statistics('5m'),
    ])
    const at = clock.now()
    const { fleet, queues: byQueue } = fleetMetrics({ queues, workers, statistics })
    print(emfLine({ namespace, at, dimensions: {}, metrics: fleet }))
    for (const { queue, metrics } of byQueue)
      print(emfLine({ namespace, at, dimensions: { Queue: queue }, metrics }))
  }
}
