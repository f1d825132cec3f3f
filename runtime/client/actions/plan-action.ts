import type { Run, RunState } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import { type StepPath, stepName } from '../../model/step-path.ts'
import { type ActionKind, type ActionTarget, maxForecastRuns, type RunForecast } from '../../store/actions.ts'
import { maxInspectedRuns, type RunFilter } from '../../store/run-filter.ts'
import type { Inspector } from '../../store/store.ts'

/** The effect that an action would have; nothing was changed. */
export interface ActionPlan {
  readonly action: ActionKind
  /**
   * How many runs match. Not exact: at least this many. A filter that no counter covers is counted on a bounded number
   * of runs, and so is any filter while the counters are incomplete.
   */
  readonly matching: { readonly runs: number; readonly exact: boolean }
  /** The rest is about this many runs, the newest that match: at most 200. */
  readonly sample: number
  readonly states: readonly RunsOf<'state', RunState>[]
  /** Steps that a retry would run again, without keys; '' means the code between steps. */
  readonly runsAgain: readonly RunsOf<'step', StepPath>[]
  /** At-most-once steps that block a retry: naming them in `runAgain` lets them run again. */
  readonly inTheWay: readonly RunsOf<'step', StepPath>[]
  /** Limiters that retried runs need, and how many wait for each now. */
  readonly limiters: readonly (RunsOf<'limiter', string> & { readonly waiting: number })[]
  /** Why other runs would be refused. */
  readonly refused: readonly RunsOf<'reason', string>[]
}

/** How many runs of the sample it applies to; the most first. */
type RunsOf<Name extends string, T> = { readonly [K in Name]: T } & { readonly runs: number }

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
  const limiters = tally(retried.map((one) => one.limiters)).map(([limiter, runs]) => ({ limiter, runs }))
  const known = limiters.length === 0 ? [] : await inspector.limiters()
  const waiting = (name: string): number => known.find((one) => one.name === name)?.waiting ?? 0
  return {
    sample: forecasts.length,
    states: tally(forecasts.flatMap(({ state }) => (state === undefined ? [] : [[state]]))).map(
      ([state, runs]) => ({ state, runs }),
    ),
    runsAgain: tally(retried.map(againOf)).map(([step, runs]) => ({ step, runs })),
    inTheWay: tally(forecasts.map(({ inTheWay }) => inTheWay.map(stepName))).map(([step, runs]) => ({
      step,
      runs,
    })),
    limiters: limiters.map((one) => ({ ...one, waiting: waiting(one.limiter) })),
    refused: tally(forecasts.flatMap(otherReasonOf))
      .slice(0, maxReasons)
      .map(([reason, runs]) => ({ reason, runs })),
  }
}

/** If at-most-once steps block the retry, they are the reason. */
function otherReasonOf({ refused, inTheWay }: RunForecast): [string][] {
  return refused === undefined || inTheWay.length > 0 ? [] : [[refused]]
}

function againOf({ runsAgain }: RunForecast): readonly StepPath[] {
  return runsAgain.length === 0 ? [''] : runsAgain.map(stepName)
}

/** Returns how many of the lists have each item, the most frequent first. */
function tally<T extends string>(lists: readonly (readonly T[])[]): [T, number][] {
  const counts = new Map<T, number>()
  for (const list of lists) for (const item of new Set(list)) counts.set(item, (counts.get(item) ?? 0) + 1)
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}

interface Matching {
  readonly ids: readonly RunId[]
  readonly matching: ActionPlan['matching']
}

async function matchingRuns(
  inspector: Inspector,
  filter: RunFilter,
  counted: number | undefined,
): Promise<Matching> {
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
