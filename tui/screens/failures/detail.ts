import { wrap } from '../../../runtime/cli/plain-text.ts'
import { clockTime } from '../../../runtime/describe/clock-time.ts'
import { commandLine } from '../../../runtime/describe/command-line.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { failureText, triesIn } from '../../../runtime/describe/failure-text.ts'
import type { FailureGroup } from '../../../runtime/store/failures.ts'
import type { Look } from '../../kit/look.ts'
import { fitSpans, type Span, span, widthOf } from '../../kit/span.ts'
import { sparkline } from '../../kit/sparkline.ts'
import type { FailureRow } from './rows.ts'

export interface FailureDetailOptions {
  readonly now: number
  readonly width: number
  readonly look: Look
  readonly store: string | undefined
}

/** The details of the group under the cursor, and the commands for it. */
export function failureDetail(
  { group, newSince }: FailureRow,
  { now, width, look, store }: FailureDetailOptions,
): readonly (readonly Span[])[] {
  const { job, step, sample, versions, failedNow } = group
  const where = step === '' ? `${job}, between steps` : `${job}, step '${step}'`
  const news =
    newSince === undefined
      ? []
      : [span(` new since version ${newSince.version} began ${durationToken(now - newSince.at)} ago`, 'warn')]
  const lines = [
    ...wrap(failureText(group), Math.max(20, width - 2)).map((text) => [span(` ${text}`, 'bad')]),
    ...inOneOrTwo(
      [...fact('in', where), ...fact(versions.length === 1 ? 'version' : 'versions', versions.join(', '))],
      news,
      width,
    ),
    countsOf(group),
    [...fact('first', timeText(group.firstAt, now)), ...fact('last', timeText(group.lastAt, now))],
    minutesOf(group, look, width),
    [...fact('sample', sample), span('J opens it', 'dim')],
    ...(failedNow === 0 ? [] : [fact('retry', retryCommand(group, store))]),
  ]
  return lines.map((spans) => fitSpans(spans, width))
}

/** On one line, if that holds both. */
function inOneOrTwo(
  first: readonly Span[],
  second: readonly Span[],
  width: number,
): readonly (readonly Span[])[] {
  return widthOf([...first, ...second]) <= width ? [[...first, ...second]] : [first, second]
}

/** What retries the group from a shell. */
export function retryCommand({ fingerprint }: FailureGroup, store: string | undefined): string {
  return commandLine(['retry', '--fingerprint', fingerprint], store === undefined ? {} : { store })
}

function fact(name: string, value: string): readonly Span[] {
  return [span(` ${name} `, 'dim'), span(`${value} `)]
}

function countsOf(group: FailureGroup): readonly Span[] {
  const { failedNow, runs, tries } = group
  const count = (n: number): string => n.toLocaleString('en')
  return [
    span(' failed now ', 'dim'),
    span(`${count(failedNow)} `, failedNow === 0 ? 'plain' : 'bad'),
    ...fact('failed for good', count(runs)),
    ...fact(
      'tries',
      `${count(tries)}, ${count(triesIn(group, 60))} in 1h, ${count(triesIn(group, 5))} in 5m`,
    ),
  ]
}

function timeText(at: number, now: number): string {
  return `${clockTime(at, now)} (${durationToken(now - at)} ago)`
}

/** Tries of each of the last 60 minutes. */
function minutesOf({ perMinute }: FailureGroup, look: Look, width: number): readonly Span[] {
  const most = Math.max(...perMinute)
  if (most === 0) return [span(' no try in the last hour', 'dim')]
  const form = look.ascii ? 'ascii' : 'block'
  const [line = ''] = sparkline(perMinute, { width: Math.max(10, Math.min(60, width - 30)), height: 1, form })
  return [
    span(' last hour ', 'dim'),
    span(line, 'warn'),
    span(`  at most ${most.toLocaleString('en')}/min`, 'dim'),
  ]
}
