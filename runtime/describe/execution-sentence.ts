import type { RunTransition } from '../model/run.ts'
import type { ExecutionEnd, ExecutionInfo } from '../store/executions.ts'
import { durationToken } from './duration-token.ts'
import { transitionVerbs } from './event-sentence.ts'

/** Of the transitions that an event calls by other words. */
const endings: Readonly<Partial<Record<RunTransition, string>>> = {
  'back off': 'threw between steps',
  release: 'handed back',
  lose: 'its worker was lost',
  'lose with delay': 'its worker was lost',
  'end cancel': 'cancelled',
}

/** Returns how an execution ended: `suspended for 40.0s`; `runs` while it hasn't. */
export function executionEnd(end: ExecutionEnd | undefined): string {
  if (end === undefined) return 'runs'
  const text = endings[end.transition] ?? transitionVerbs[end.transition] ?? end.transition
  if (end.until === undefined || end.until <= end.at) return text
  const pause = durationToken(end.until - end.at)
  return end.transition === 'suspend' ? `${text} for ${pause}` : `${text}, next after ${pause}`
}

/** Returns an execution of a run, without its begin: `execution 2 on w1 in task 0af5, version 3, queued 1.2s, ran 3.4s, suspended for 40.0s`. */
export function executionSentence({
  n,
  worker,
  task,
  version,
  waitedMs,
  claimedAt,
  end,
}: ExecutionInfo): string {
  return [
    `execution ${n}${worker === undefined ? '' : ` on ${worker}`}${task === undefined ? '' : ` in task ${task}`}`,
    ...(version === undefined ? [] : [`version ${version}`]),
    ...(waitedMs === undefined ? [] : [`queued ${durationToken(waitedMs)}`]),
    ...(end === undefined ? [] : [`ran ${durationToken(end.at - claimedAt)}`]),
    executionEnd(end),
  ].join(', ')
}
