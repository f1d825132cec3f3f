/** Picks one of `count` things by its index. */
export type Pick = (count: number) => number

export interface ScaleInCandidate {
  readonly id: string
  readonly zone: string
  readonly protected: boolean
}

export const pickAny: Pick = (count) => Math.floor(Math.random() * count)

/**
 * Chooses which tasks a scale-in stops: repeatedly one from the zone that has the most tasks, so that the zones
 * remain balanced. Protected tasks count in their zone and are never chosen: it may return fewer than requested.
 * Assumed: among equal zones, and among the tasks of one zone, any may be next. AWS promises no order by age or
 * idleness for Fargate, so a worker must not count on one.
 */
export function chooseForScaleIn<Task extends ScaleInCandidate>(
  tasks: readonly Task[],
  count: number,
  pick: Pick,
): readonly Task[] {
  const left = [...tasks]
  const chosen: Task[] = []
  while (chosen.length < count) {
    const candidates = fromFullestZone(left)
    const next = candidates[pick(candidates.length)]
    if (next === undefined) break
    chosen.push(next)
    left.splice(left.indexOf(next), 1)
  }
  return chosen
}

/** Returns the zone with the fewest of these tasks, the first of several: where the next one starts. */
export function emptiestZone(
  zones: readonly [string, ...string[]],
  tasks: readonly { readonly zone: string }[],
): string {
  return zones.reduce((best, zone) => (countIn(zone, tasks) < countIn(best, tasks) ? zone : best))
}

function fromFullestZone<Task extends ScaleInCandidate>(tasks: readonly Task[]): readonly Task[] {
  const free = tasks.filter((task) => !task.protected)
  const fullest = Math.max(...free.map(({ zone }) => countIn(zone, tasks)))
  return free.filter(({ zone }) => countIn(zone, tasks) === fullest)
}

function countIn(zone: string, tasks: readonly { readonly zone: string }[]): number {
  return tasks.filter((task) => task.zone === zone).length
}
