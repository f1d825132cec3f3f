import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import type { Run } from '../../model/run.ts'
import type { RunQuery } from '../../store/run-filter.ts'
import type { Inspector, RunPage } from '../../store/store.ts'

/** Runs that match a query, newest first. */
export async function findRuns(inspector: Inspector, query: RunQuery): Promise<RunPage> {
  if (query.fingerprint !== undefined)
    throw new InvalidOptionsError('filter.fingerprint: this store has no index of it')
  const { states = [], job, queue, tag, limit, cursor } = query
  const page = await inspector.runs({
    limit,
    ...(states.length === 1 && states[0] !== undefined ? { state: states[0] } : {}),
    ...(job === undefined ? {} : { job }),
    ...(queue === undefined ? {} : { queue }),
    ...(tag === undefined ? {} : { tag }),
    ...(cursor === undefined ? {} : { cursor }),
  })
  return { ...page, runs: page.runs.filter((run) => matches(run, query)) }
}

function matches(run: Run, { states, unique, worker, minAgeMs, since, before, text }: RunQuery): boolean {
  const texts = [run.job, run.id].map((one) => one.toLowerCase())
  return (
    (states === undefined || states.includes(run.state)) &&
    (unique === undefined || run.unique?.key === unique) &&
    (worker === undefined || ('worker' in run && run.worker === worker)) &&
    (minAgeMs === undefined || Date.now() - run.changedAt >= minAgeMs) &&
    (since === undefined || run.changedAt >= since) &&
    (before === undefined || run.changedAt < before) &&
    (text === undefined || texts.some((one) => one.includes(text.toLowerCase())))
  )
}
