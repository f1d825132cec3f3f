import type { Run } from '../../../runtime/model/run.ts'
import type { Jump } from '../../app/place.ts'
import { formatFilter } from '../../text/format-filter.ts'

/** The related items of a run: the one it is on or waits for first. */
export function runJumps(run: Run): readonly Jump[] {
  const { job, queue, unique } = run
  return [
    ...placeJumps(run),
    { label: `queue ${queue}`, target: { screen: 'queues', row: queue } },
    ...scheduleJumps(run),
    ...(unique === undefined
      ? []
      : [
          {
            label: `runs with the unique key ${unique.key}`,
            target: { screen: 'runs', filter: formatFilter({ filter: { job, unique: unique.key } }) },
          } as const,
        ]),
  ]
}

/** Of a run that an earlier version stored only the tick is known. */
function scheduleJumps({ job, schedule, scheduledFor }: Run): readonly Jump[] {
  if (schedule !== undefined)
    return [{ label: `schedule ${schedule}`, target: { screen: 'cron', row: schedule } }]
  if (scheduledFor === undefined) return []
  return [{ label: `schedules of ${job}`, target: { screen: 'cron', filter: `job:${job}` } }]
}

function placeJumps(run: Run): readonly Jump[] {
  switch (run.state) {
    case 'running':
    case 'cancelling':
      return [{ label: `worker ${run.worker}`, target: { screen: 'workers', row: run.worker } }]
    case 'waiting': {
      const { kind, name } = run.waitingFor
      const limiter: readonly Jump[] =
        kind === 'limit' && name !== undefined
          ? [{ label: `limiter ${name}`, target: { screen: 'limits', row: name } }]
          : []
      return [...limiter, ...failureJumps(run.fingerprint)]
    }
    case 'failed':
      return failureJumps(run.fingerprint)
    default:
      return []
  }
}

function failureJumps(fingerprint: string | undefined): readonly Jump[] {
  return fingerprint === undefined
    ? []
    : [{ label: 'failures of this kind', target: { screen: 'failures', row: fingerprint } }]
}
