import type { Run } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import { type StepPath, stepName } from '../../model/step-path.ts'
import {
  type ActionKind,
  type ActionPlan,
  type ActionTarget,
  maxForecastRuns,
  type RunForecast,
  type RunsOf,
} from '../../store/actions.ts'
import { maxInspectedRuns, type RunFilter } from '../../store/run-filter.ts'
import type { Inspector } from '../../store/store.ts'

/** How many pages a count inspects if no index has the number. */
const maxCountedPages = 5
const maxReasons = 10

/** @param target As `parseActionTarget` returns it. */
export async function planAction(
  inspector: Inspector,
  action: ActionKind,
  target: ActionTarget,
  runAgain: readonly StepPath[],
): Promise<ActionPlan> {
  const { ids, matching } =
    target.kind === 'runs'
      ? { ids: target.ids, matching: { runs: target.ids.length, exact: true } }
      : await matchingRuns(inspector, target.filter, await countOf(inspector, target))
  const sample = ids.slice(0, maxForecastRuns)
  const forecasts = await inspector.planAction(action, sample, runAgain)
  return { action, matching, ...(await summary(inspector, action, forecasts)) }
}

async function summary(
  inspector: Inspector,
  action: ActionKind,
  forecasts: readonly RunForecast[],
): Promise<Omit<ActionPlan, 'action' | 'matching'>> {
  const going = forecasts.filter(({ refused }) => refused === undefined)
  const retried = action === 'retry' ? going : []
  const limiters = tally('limiter', retried, (one) => one.limiters)
  const known = limiters.length === 0 ? [] : await inspector.limiters()
  const waiting = (name: string): number => known.find((one) => one.name === name)?.waiting ?? 0
  return {
    sample: forecasts.length,
    states: tally('state', forecasts, ({ state }) => (state === undefined ? [] : [state])),
    runsAgain: tally('step', retried, againOf),
    inTheWay: tally('step', forecasts, ({ inTheWay }) => inTheWay.map(stepName)),
    limiters: limiters.map((one) => ({ ...one, waiting: waiting(one.limiter) })),
    refused: tally('reason', forecasts, otherReasonsOf).slice(0, maxReasons),
  }
}

/** If at-most-once steps block the retry, they are the reason. */
function otherReasonsOf({ refused, inTheWay }: RunForecast): readonly string[] {
  return refused === undefined || inTheWay.length > 0 ? [] : [refused]
}

function againOf({ runsAgain }: RunForecast): readonly StepPath[] {
  return runsAgain.length === 0 ? [''] : runsAgain.map(stepName)
}

/** Returns for how many of the runs there is each item, the most frequent first. */
function tally<Name extends string, T extends string>(
  name: Name,
  runs: readonly RunForecast[],
  itemsOf: (run: RunForecast) => readonly T[],
): RunsOf<Name, T>[] {
  const counts = new Map<T, number>()
  for (const item of runs.flatMap((run) => [...new Set(itemsOf(run))])) {
    counts.set(item, (counts.get(item) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  return sorted.map(([item, count]) => ({ [name]: item, runs: count }) as RunsOf<Name, T>)
}

/** Returns the ids of the newest matching runs, and how many runs match. */
async function matchingRuns(inspector: Inspector, filter: RunFilter, counted: number | undefined) {
  const ids: RunId[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < maxCountedPages; pages++) {
    const page = await inspector.runs({
      ...filter,
      order: 'newest',
      limit: counted === undefined ? maxInspectedRuns : maxForecastRuns,
      ...(cursor === undefined ? {} : { cursor }),
    })
    ids.push(...page.runs.map(({ id }: Run) => id))
    cursor = page.cursor
    if (counted !== undefined && ids.length >= maxForecastRuns) break
    if (cursor === undefined) return { ids, matching: { runs: ids.length, exact: true } }
  }
  // Beside a worker of an earlier version, which counts nothing, counters may have fewer runs than were found.
  const isTold = counted !== undefined && ids.length > 0 && counted >= ids.length
  return { ids, matching: { runs: isTold ? counted : ids.length, exact: isTold } }
}

/**
 * Returns how many runs a target has, if known: for ids, and for filters covered by complete counters or groups of
 * failures.
 */
export async function countOf(inspector: Inspector, target: ActionTarget): Promise<number | undefined> {
  if (target.kind === 'runs') return target.ids.length
  const { states, job, queue, fingerprint, ...others } = target.filter
  if (Object.keys(others).length > 0) return undefined
  if (fingerprint !== undefined) {
    return job === undefined && queue === undefined ? failedNow(inspector, fingerprint) : undefined
  }
  // In this order: once they are complete, they stay so.
  if (!(await inspector.isCounted())) return undefined
  const counts = await inspector.counts()
  return counts
    .filter((one) => job === undefined || one.job === job)
    .filter((one) => queue === undefined || one.queue === queue)
    .filter((one) => states === undefined || states.includes(one.state))
    .reduce((sum, { count }) => sum + count, 0)
}

/** Undefined if the group was dropped: its runs may still exist. */
async function failedNow(inspector: Inspector, fingerprint: string): Promise<number | undefined> {
  const groups = await inspector.failures({ fingerprint, limit: 1 })
  return groups.find((group) => group.fingerprint === fingerprint)?.failedNow
}
