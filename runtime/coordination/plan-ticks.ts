import { createHash } from 'node:crypto'
import type { NewRun } from '../store/new-run.ts'
import type { DueSchedule, FireMove, PlannedTick, ScheduleSpec } from '../store/schedules.ts'

/** The source of ticks: `CronTicks`, whose times this file does not know. */
export interface TickSource {
  next(after: number): number | undefined
  /** The last `n` ticks from `from` up to and including `until`, oldest first. */
  latest(n: number, from: number, until: number): readonly number[]
}

/** A tick this much after it was due is missed, even if it is the only one. */
const missedAfterMs = 60_000
/** The most ticks that one plan handles: the rest is for the next round. */
export const maxPlanned = 5_000

/** Returns the run of a tick: its id is a digest, so that a repeat of the fire creates no second one. */
function runOfTick(schedule: string, spec: ScheduleSpec, tick: number): NewRun {
  const id = `cron-${digestOf(schedule, tick).slice(0, 24)}`
  return { ...spec.run, id, start: { kind: 'now' }, scheduledFor: tick }
}

/** Returns when a tick is due: delayed by its jitter, which is always the same for a tick. */
export function planned(schedule: string, jitterMs: number, tick: number): PlannedTick {
  const offset =
    jitterMs === 0 ? 0 : Number.parseInt(digestOf(schedule, tick).slice(-12), 16) % (jitterMs + 1)
  return { tick, dueAt: tick + offset }
}

function digestOf(schedule: string, tick: number): string {
  return createHash('sha256').update(`${schedule}\0${tick}`).digest('hex')
}

interface DueTick extends PlannedTick {
  /** `none`: it fires under any policy. */
  readonly hindrance: 'none' | 'missed' | 'paused'
}

/**
 * Returns what the leader asks the store to do with a schedule at `now`, the store's time, in order.
 * - Ticks of a pause are skipped as paused.
 * - A tick is missed when its successor is due too, or it is more than a minute late. `one` fires the latest due tick
 * for the whole stretch, so a tick in time after an outage is the one run; `all` fires missed ticks in order, the
 * newest `cap`.
 */
export function planTicks(schedule: DueSchedule, ticks: TickSource, now: number): FireMove[] {
  const { name, spec, queuedTick } = schedule
  const plan = (tick: number | undefined): PlannedTick | undefined =>
    tick === undefined ? undefined : planned(name, spec.jitterMs, tick)
  const moves: FireMove[] = []
  if (queuedTick !== undefined) {
    moves.push({ kind: 'queued run', tick: queuedTick, run: runOfTick(name, spec, queuedTick) })
  }
  const first = plan(schedule.nextTick ?? ticks.next(schedule.since))
  if (schedule.nextTick === undefined) moves.push({ kind: 'plan', ...withNext(first) })
  if (first === undefined) return moves

  const due: PlannedTick[] = []
  let next: PlannedTick | undefined = first
  while (next !== undefined && next.dueAt <= now && due.length < maxPlanned) {
    due.push(next)
    next = plan(ticks.next(next.tick))
  }
  const more = next !== undefined && next.dueAt <= now
  const judged = due.map((one, i) => judge(schedule, one, { now, hasSuccessor: more || i < due.length - 1 }))
  const firesFrom = more
    ? firstToFire(spec, ticks.latest(newestKept(spec), first.tick, now))
    : firstToFire(spec, firing(spec, judged))
  for (const [i, one] of judged.entries()) {
    addMove(moves, { schedule, one, next: due[i + 1] ?? next, skips: one.tick < firesFrom })
  }
  return moves
}

function judge(
  { paused, pauses }: DueSchedule,
  tick: PlannedTick,
  { now, hasSuccessor }: { readonly now: number; readonly hasSuccessor: boolean },
): DueTick {
  const { dueAt } = tick
  const inPause = pauses.some(({ from, until }) => from <= dueAt && dueAt < until)
  if (paused || inPause) return { ...tick, hindrance: 'paused' }
  return { ...tick, hindrance: hasSuccessor || now - dueAt > missedAfterMs ? 'missed' : 'none' }
}

function newestKept({ missed, cap }: ScheduleSpec): number {
  return missed === 'all' ? cap : 1
}

/** The ticks of which the policy keeps the newest. */
function firing({ missed }: ScheduleSpec, judged: readonly DueTick[]): number[] {
  const kept = missed === 'all' ? ['missed'] : ['missed', 'none']
  return judged.filter(({ hindrance }) => kept.includes(hindrance)).map(({ tick }) => tick)
}

/** Missed ticks before this one do not fire. */
function firstToFire(spec: ScheduleSpec, candidates: readonly number[]): number {
  if (spec.missed === 'skip') return Number.POSITIVE_INFINITY
  return candidates.slice(-newestKept(spec))[0] ?? Number.POSITIVE_INFINITY
}

interface Judged {
  readonly schedule: DueSchedule
  readonly one: DueTick
  readonly next: PlannedTick | undefined
  /** By the policy, if it is missed. */
  readonly skips: boolean
}

function addMove(moves: FireMove[], { schedule, one, next, skips }: Judged): void {
  const { name, spec } = schedule
  const { tick, dueAt, hindrance } = one
  if (hindrance === 'paused' || (hindrance === 'missed' && skips)) {
    const before = moves.at(-1)
    const grows = before?.kind === 'skip' && before.why === hindrance
    const start = grows ? before : { tick, count: 0 }
    if (grows) moves.pop()
    moves.push({
      ...{ kind: 'skip', why: hindrance, tick: start.tick, until: tick, count: start.count + 1 },
      ...withNext(next),
    })
    return
  }
  const { overlap, cap } = spec
  moves.push({
    ...{ kind: 'run', tick, dueAt, caughtUp: hindrance === 'missed', overlap, cap },
    run: runOfTick(name, spec, tick),
    ...withNext(next),
  })
}

function withNext(next: PlannedTick | undefined): { next?: PlannedTick } {
  return next === undefined ? {} : { next }
}
