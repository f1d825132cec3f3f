import type { Jump } from '../../app/place.ts'
import { formatFilter } from '../../text/format-filter.ts'
import { runJumps } from '../runs/run-jumps.ts'
import type { KnownRun } from './run-data.ts'

/** As in the list of runs, and what is read for one run only: every limiter that it waits for, and who holds that. */
export function jumpsOf({ run, places }: KnownRun): readonly Jump[] {
  const own = runJumps(run)
  const limiters = [...new Set(places.map(({ limiter }) => limiter))].map(
    (name): Jump => ({ label: `limiter ${name}`, target: { screen: 'limits', row: name } }),
  )
  const isOther = ({ label }: Jump): boolean => !limiters.some((one) => one.label === label)
  const job: Jump = {
    label: `runs of ${run.job}`,
    target: { screen: 'runs', filter: formatFilter({ filter: { job: run.job } }) },
  }
  return [...limiters, ...holdersOf(places), ...own.filter(isOther), job]
}

const maxHolders = 3

/** Runs that hold what this one waits for. */
function holdersOf(places: KnownRun['places']): readonly Jump[] {
  const ids = [...new Set(places.flatMap(({ holders }) => holders))].slice(0, maxHolders)
  return ids.map((id) => ({ label: `run ${id}, which holds it`, target: { screen: 'run', subject: id } }))
}
