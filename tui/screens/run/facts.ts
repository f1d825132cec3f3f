import { clockTime } from '../../../runtime/describe/clock-time.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { tookText } from '../../../runtime/describe/situation.ts'
import type { Run } from '../../../runtime/model/run.ts'

/** One fact of a run: its name and what it is. */
export type Fact = readonly [name: string, value: string]

/** The main facts about a run on a line or two, the most important first. */
export function shortFacts(run: Run): readonly Fact[] {
  const { queue, priority, attempt, losses, tags, unique } = run
  return [
    ['queue', priority === 0 ? queue : `${queue} priority ${priority}`],
    ...('worker' in run ? [['worker', run.worker] as const] : []),
    ['attempt', String(attempt)],
    ...(losses === 0 ? [] : [['losses', String(losses)] as const]),
    ...(tags.length === 0 ? [] : [['tags', tags.join(' ')] as const]),
    ...(unique === undefined ? [] : [['unique', unique.key] as const]),
  ]
}

/** When it came into its states. */
export function timeFacts(run: Run, now: number): readonly Fact[] {
  const { enqueuedAt, startedAt, schedule, scheduledFor } = run
  const at = (time: number): string => `${clockTime(time, now)} (${durationToken(now - time)} ago)`
  return [
    ...(schedule === undefined ? [] : [['schedule', schedule] as const]),
    ...(scheduledFor === undefined ? [] : [['tick', clockTime(scheduledFor, now)] as const]),
    ['enqueued', at(enqueuedAt)],
    ...(startedAt === undefined ? [] : [['started', at(startedAt)] as const]),
    ...('endedAt' in run ? [['ended', at(run.endedAt)] as const] : []),
    ...('endedAt' in run && run.state === 'completed' ? [['took', tookText(run)] as const] : []),
  ]
}

/** All fields of its record besides values. */
export function allFacts(run: Run, now: number): readonly Fact[] {
  const { id, job, version, headers, position, changedAt, unique } = run
  return [
    ['run', id],
    ['job', `${job}, version ${version}`],
    ['state', run.state],
    ...shortFacts(run).filter(([name]) => name !== 'unique'),
    ...(unique === undefined ? [] : [['unique', uniqueText(run, now)] as const]),
    ...Object.entries(headers).map(([name, value]): Fact => ['header', `${name}=${value}`]),
    ...timeFacts(run, now),
    ...('endedAt' in run ? [] : [['changed', `${durationToken(now - changedAt)} ago`] as const]),
    ['journal', position === 1 ? '1 entry' : `${position.toLocaleString('en')} entries`],
    ...('fingerprint' in run && run.fingerprint !== undefined ? [['failure', run.fingerprint] as const] : []),
  ]
}

function uniqueText({ unique, startedAt, ...run }: Run, now: number): string {
  if (unique === undefined) return ''
  const { key, until } = unique
  if (typeof until === 'number') return `'${key}', until ${clockTime(until, now)}`
  const isFree = 'endedAt' in run || (until === 'started' && startedAt !== undefined)
  return isFree ? `'${key}', free again` : `'${key}', until it has ${until}`
}
