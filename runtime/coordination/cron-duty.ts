import { CronTicks } from '../model/cron.ts'
import type { Logger } from '../model/job.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { DueSchedule, FireMove, ScheduleStore } from '../store/schedules.ts'
import type { Duty, DutyTerm } from './duty.ts'
import { planTicks } from './plan-ticks.ts'

/** Hints announce new and changed schedules; a lost one costs at most this long. */
const maxLookMs = 5_000
/** The pause before the next read of a leader whose term is over and who does not know it yet. */
const notLeadingMs = 1_000
const schedulesPerLook = 100
/** Schedules that can't be planned stay due: at most this many are read in addition to the others. */
const maxUnplannable = 10_000
const retainedPatterns = 1_000

/** The result for a schedule in one round. */
interface Progress {
  /** Whether anything of it was written. */
  readonly moved: boolean
  readonly leads: boolean
}

/**
 * Fires the ticks of all schedules, even for jobs its own code lacks. It decides nothing that the store does not check
 * again (C1), so a second leader, or a slow one, does no harm.
 */
export class CronDuty implements Duty {
  readonly name = 'cron'
  readonly #store: ScheduleStore
  readonly #log: Logger
  readonly #patterns = new Map<string, CronTicks>()
  /** Schedules that can't be planned and were reported. */
  readonly #reported = new Set<string>()
  /** How many of them the last round found: the next one reads past them. */
  #unplannable = 0

  constructor(store: ScheduleStore, log: Logger) {
    this.#store = store
    this.#log = log
  }

  async work(term: DutyTerm): Promise<void> {
    let changed = new AbortController()
    const stopListening = this.#store.onScheduleChange(() => changed.abort())
    try {
      while (!term.signal.aborted) {
        // A change during the round may have come too late for it.
        changed = new AbortController()
        const waitMs = await this.#look(term)
        term.beat()
        await term.pause(waitMs, changed.signal)
      }
    } finally {
      stopListening()
    }
  }

  /** Fires what is due. Returns how long nothing will be due. */
  async #look(term: DutyTerm): Promise<number> {
    const {
      now,
      schedules,
      nextDueInMs = maxLookMs,
    } = await this.#store.dueSchedules(schedulesPerLook + Math.min(this.#unplannable, maxUnplannable))
    const passed = this.#unplannable
    this.#unplannable = 0
    let moved = false
    for (const schedule of schedules) {
      if (term.signal.aborted) return 0
      const progress = await this.#advance(term, schedule, now)
      if (!progress.leads) return notLeadingMs
      moved ||= progress.moved
    }
    // There may be other schedules behind them.
    moved ||= this.#unplannable > passed
    return moved ? 0 : Math.min(nextDueInMs, maxLookMs)
  }

  async #advance(term: DutyTerm, schedule: DueSchedule, now: number): Promise<Progress> {
    let moved = false
    for (const move of this.#plan(schedule, now)) {
      if (term.signal.aborted) break
      const { name, revision } = schedule
      const answer = await this.#store.fire({ schedule: name, revision, fence: term.fence, move })
      if (answer.kind === 'not leading') return { moved, leads: false }
      // The rest was planned for a schedule that has changed.
      if (answer.kind !== 'done') break
      moved = true
      if (answer.outcome !== 'planned') this.#log.debug({ schedule: name, ...answer }, 'a tick was decided')
    }
    return { moved, leads: true }
  }

  /** One schedule that can't be planned must not stop the others. */
  #plan(schedule: DueSchedule, now: number): readonly FireMove[] {
    const { name, revision, spec } = schedule
    try {
      return planTicks(schedule, this.#ticksOf(spec.cron, spec.timeZone), now)
    } catch (error) {
      const known = `${name} ${revision}`
      if (!this.#reported.has(known)) {
        this.#log.error(
          { schedule: name, err: toStoredError(error) },
          'a schedule can’t be planned by this worker',
        )
      }
      this.#reported.add(known)
      this.#unplannable++
      return []
    }
  }

  #ticksOf(cron: string, timeZone: string): CronTicks {
    const key = `${cron} ${timeZone}`
    const known = this.#patterns.get(key)
    if (known !== undefined) return known
    const made = new CronTicks(cron, timeZone, 'schedule')
    if (this.#patterns.size >= retainedPatterns) this.#patterns.clear()
    this.#patterns.set(key, made)
    return made
  }
}
