import { chooseForScaleIn, type Pick, type ScaleInCandidate } from './scale-in-order.ts'

/** A task without a requested stop. */
export interface ScheduledTask extends ScaleInCandidate {
  /** Whether the newest deployment has started it. */
  readonly primary: boolean
  /** RUNNING, and for long enough to count. */
  readonly healthy: boolean
}

export interface ServiceGoal {
  readonly desiredCount: number
  readonly minimumHealthyPercent: number
  readonly maximumPercent: number
}

export interface ServicePlan<Task extends ScheduledTask> {
  /** How many tasks of the newest deployment to start. */
  readonly start: number
  readonly stop: readonly Task[]
  /** Tasks that would be stopped too if they were not protected. */
  readonly held: number
}

/**
 * Decides what a service starts and stops now. Pure: called again after every change.
 * During a deployment the tasks in RUNNING and PENDING number at most `maximumPercent` of the desired count (rounded
 * down), and the healthy ones at least `minimumHealthyPercent` (rounded up). Stopping tasks count in neither.
 */
export function planService<Task extends ScheduledTask>(
  goal: ServiceGoal,
  tasks: readonly Task[],
  pick: Pick,
): ServicePlan<Task> {
  const primaries = tasks.filter(({ primary }) => primary)
  const old = tasks.filter(({ primary }) => !primary)
  const surplus = [
    // Old tasks that don't work yet are no loss.
    part(old.filter(({ healthy }) => !healthy)),
    part(
      old.filter(({ healthy }) => healthy),
      spare(goal, tasks),
    ),
    part(primaries, primaries.length - goal.desiredCount),
  ]
  const stop = surplus.flatMap(({ of, count }) => chooseForScaleIn(of, count, pick))
  const wanted = surplus.reduce((sum, { count }) => sum + count, 0)
  return {
    start: missingPrimaries(goal, primaries.length, tasks.length - stop.length, old.length > 0),
    stop,
    held: wanted - stop.length,
  }
}

interface Part<Task> {
  readonly of: readonly Task[]
  /** How many of them are too many. */
  readonly count: number
}

function part<Task>(of: readonly Task[], count = of.length): Part<Task> {
  return { of, count: Math.min(of.length, Math.max(0, count)) }
}

/** Returns how many healthy tasks there are above the minimum. */
function spare(goal: ServiceGoal, tasks: readonly ScheduledTask[]): number {
  const minimum = Math.ceil((goal.desiredCount * goal.minimumHealthyPercent) / 100)
  return tasks.filter(({ healthy }) => healthy).length - minimum
}

/**
 * Assumed: `maximumPercent` limits only the tasks that a deployment starts beside old ones. A service without old tasks always
 * starts up to its desired count.
 */
function missingPrimaries(
  goal: ServiceGoal,
  primaries: number,
  remaining: number,
  deploying: boolean,
): number {
  const missing = Math.max(0, goal.desiredCount - primaries)
  if (!deploying) return missing
  const most = Math.floor((goal.desiredCount * goal.maximumPercent) / 100)
  return Math.max(0, Math.min(missing, most - remaining))
}
