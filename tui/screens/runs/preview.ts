import { wrap } from '../../../runtime/cli/plain-text.ts'
import { clockTime } from '../../../runtime/describe/clock-time.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { errorText } from '../../../runtime/describe/situation.ts'
import type { Run } from '../../../runtime/model/run.ts'
import type { Look } from '../../kit/look.ts'
import { stateText, stateTone } from '../../kit/run-state.ts'
import { fitSpans, type Span, span } from '../../kit/span.ts'
import type { RunRow } from './rows.ts'

/** The list's own data about the run under the cursor; enter shows the rest. */
export function previewLines(
  { run, situation }: RunRow,
  { now, width, look }: { readonly now: number; readonly width: number; readonly look: Look },
): readonly (readonly Span[])[] {
  const text = (value: string): readonly (readonly Span[])[] =>
    wrap(value, width - 2).map((line) => [span(` ${line}`)])
  const fields = fieldsOf(run, now).map(([name, value]) => [span(` ${name.padEnd(9)}`, 'dim'), span(value)])
  const head = [
    span(` ${run.job} v${run.version} `, 'title'),
    span(stateText(run, look), stateTone(run)),
    span(` for ${durationToken(now - run.changedAt)}`),
  ]
  const lines = [head, ...text(situation), [], ...fields, ...errorLines(run, situation, width)]
  return lines.map((spans) => fitSpans(spans, width))
}

function fieldsOf(run: Run, now: number): readonly (readonly [string, string])[] {
  const { queue, priority, attempt, losses, enqueuedAt, startedAt, unique, tags, position } = run
  const { schedule, scheduledFor } = run
  const at = (time: number): string => `${clockTime(time, now)} (${durationToken(now - time)} ago)`
  return [
    ['queue', priority === 0 ? queue : `${queue}, priority ${priority}`],
    ['enqueued', at(enqueuedAt)],
    ...(startedAt === undefined ? [] : [['started', at(startedAt)] as const]),
    ...(schedule === undefined ? [] : [['schedule', schedule] as const]),
    ...(scheduledFor === undefined ? [] : [['tick', clockTime(scheduledFor, now)] as const]),
    ['try', losses === 0 ? `${attempt}` : `${attempt}, its worker was lost ${timesText(losses)}`],
    ['journal', position === 1 ? '1 entry' : `${position} entries`],
    ...(unique === undefined ? [] : [['unique', unique.key] as const]),
    ...(tags.length === 0 ? [] : [['tags', tags.join(' ')] as const]),
  ]
}

function timesText(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

/** Nothing where the situation has said it already. */
function errorLines(run: Run, situation: string, width: number): readonly (readonly Span[])[] {
  const error = run.state === 'failed' || run.state === 'waiting' ? run.error : undefined
  if (error === undefined || situation.includes(errorText(error))) return []
  return [[], ...wrap(errorText(error), width - 2).map((line) => [span(` ${line}`, 'bad')])]
}
