import { filterText } from '../home/filter-text.ts'
import type { Jump } from '../screen.ts'
import type { KnownRun } from './run-data.ts'

/** What has to do with a run: who holds it, what it waits for, how it failed. */
export function runJumps({ run, places, failure }: KnownRun): readonly Jump[] {
  const limiters = new Set(places.map(({ limiter }) => limiter))
  if (run.state === 'waiting' && run.waitingFor.kind === 'limit' && run.waitingFor.name !== undefined) {
    limiters.add(run.waitingFor.name)
  }
  const fingerprint = 'fingerprint' in run ? run.fingerprint : undefined
  return [
    ...('worker' in run ? [jump('w', `worker ${run.worker}`, { screen: 'workers', row: run.worker })] : []),
    ...[...limiters].map((name, i) =>
      jump(String(i + 1), `limiter ${name}`, { screen: 'limits', row: name }),
    ),
    ...(fingerprint === undefined
      ? []
      : [jump('f', failureLabel(failure?.failedNow), { screen: 'failures', row: fingerprint })]),
    ...holdersOf(places),
    jump('u', `queue ${run.queue}`, { screen: 'queues', row: run.queue }),
    ...(run.scheduledFor === undefined ? [] : [jump('c', 'the schedules', { screen: 'cron' })]),
    jump('a', `runs of ${run.job}`, { screen: 'runs', filter: filterText({ job: run.job }) }),
  ]
}

const maxHolders = 3

/** Runs that hold what this one waits for. */
function holdersOf(places: KnownRun['places']): readonly Jump[] {
  const ids = [...new Set(places.flatMap(({ holders }) => holders))].slice(0, maxHolders)
  return ids.map((id, i) =>
    jump('xyz'.charAt(i), `run ${id}, which holds it`, { screen: 'run', subject: id }),
  )
}

function failureLabel(failedNow: number | undefined): string {
  return failedNow === undefined
    ? 'its group of failures'
    : `its group of failures: ${failedNow.toLocaleString('en')} failed now`
}

function jump(key: string, label: string, target: Jump['target']): Jump {
  return { key, label, target }
}
