import { planTicks } from '../../../runtime/coordination/plan-ticks.ts'
import { CronTicks } from '../../../runtime/model/cron.ts'
import type { DueSchedule } from '../../../runtime/store/schedules.ts'
import { leaderRole } from '../../../runtime/store/terms.ts'
import type { PastStore } from './past-store.ts'
import type { PastWorker } from './past-worker.ts'

/** Longer than the longest time without a call in the quietest hours of the night. */
const termMs = 3 * 3_600_000
const duties = { sweep: 0, cron: 0, deadlocks: 0 }
const maxSchedules = 100

interface Term {
  readonly worker: PastWorker
  readonly fence: number
}

/** Leads the fleet of the past: one of its workers has the role, and fires the ticks. */
export class PastLeader {
  readonly #past: PastStore
  readonly #onFired: () => Promise<void>
  readonly #patterns = new Map<string, CronTicks>()
  #term: Term | undefined
  /** When the next look at the schedules is. */
  #nextLook = Number.POSITIVE_INFINITY

  constructor(past: PastStore, onFired: () => Promise<void>) {
    this.#past = past
    this.#onFired = onFired
  }

  /** Extends the term; where it has ended with its worker, one of `workers` takes the role as soon as the store lets it. */
  async keep(workers: readonly PastWorker[]): Promise<void> {
    if (this.#term?.worker.isThere) {
      const { worker, fence } = this.#term
      await this.#past.store.renewTerm(leaderRole, fence, worker.lease, duties)
      return
    }
    const [candidate] = workers
    if (candidate === undefined) return
    const answer = await this.#past.store.campaign(leaderRole, candidate.lease, termMs)
    if (answer.kind !== 'leading') return
    this.#term = { worker: candidate, fence: answer.term }
    await this.look()
  }

  /** Fires what is due, and looks again when the next tick is. */
  async look(): Promise<void> {
    const { store, timeline } = this.#past
    if (this.#term?.worker.isThere !== true) return
    const due = await store.dueSchedules(maxSchedules)
    let fired = false
    for (const schedule of due.schedules) fired = (await this.#advance(schedule, due.now)) || fired
    if (fired) await this.#onFired()
    // What was planned just now is told by the next look only.
    const waitMs = due.schedules.length > 0 ? 1 : due.nextDueInMs
    if (waitMs !== undefined) this.#lookAt(timeline.now + waitMs)
  }

  #lookAt(instant: number): void {
    const { timeline } = this.#past
    if (this.#nextLook > timeline.now && this.#nextLook <= instant) return
    this.#nextLook = instant
    timeline.at(instant, () => this.look())
  }

  async #advance(schedule: DueSchedule, now: number): Promise<boolean> {
    const { name, revision, spec } = schedule
    let fired = false
    for (const move of planTicks(schedule, this.#ticksOf(spec.cron, spec.timeZone), now)) {
      const answer = await this.#past.store.fire({
        schedule: name,
        revision,
        fence: this.#term?.fence ?? 0,
        move,
      })
      if (answer.kind !== 'done')
        throw new Error(`the demo's past went wrong: a tick of '${name}' is '${answer.kind}'`)
      fired ||= answer.run !== undefined
    }
    return fired
  }

  #ticksOf(cron: string, timeZone: string): CronTicks {
    const key = `${cron} ${timeZone}`
    const ticks = this.#patterns.get(key) ?? new CronTicks(cron, timeZone, 'schedule')
    this.#patterns.set(key, ticks)
    return ticks
  }
}
