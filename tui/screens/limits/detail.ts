import { wrap } from '../../../runtime/cli/plain-text.ts'
import { clockTime } from '../../../runtime/describe/clock-time.ts'
import { agoToken, durationToken } from '../../../runtime/describe/duration-token.ts'
import { byHandText, ruleText } from '../../../runtime/describe/rule-text.ts'
import { waitlistSentence } from '../../../runtime/describe/waitlist-sentence.ts'
import { fieldLine, fieldMargin } from '../../kit/field-line.ts'
import { type Span, span } from '../../kit/span.ts'
import type { ViewProps } from '../screen.ts'
import { limitsLayout } from './layout.ts'
import type { LimitsData, RunPlace } from './limits-data.ts'
import type { KeyRow, LimiterRow } from './rows.ts'

type Lines = readonly (readonly Span[])[]

/** Of the limiter under the cursor: its rule, who set it, and who holds and waits for the key under the cursor. */
export function limiterDetail(row: LimiterRow, key: KeyRow | undefined, props: ViewProps<LimitsData>): Lines {
  const { data, now } = props
  const places = data?.current === row.id ? data.places : undefined
  const own = places?.filter(({ place }) => key === undefined || place.key === key.key.key)
  const isTold = own !== undefined && own.length > 0
  return [
    // The first that waits says it, too.
    ...(isTold ? [] : closedLines(row, now)),
    ...byHandLines(row, props),
    ...(own === undefined
      ? [fieldLine('waits', span('reading', 'dim'))]
      : placeLines(own, { row, key, props })),
    fieldLine('rule', `${row.limiter.rule.kind}, ${ruleText(row.limiter.rule)}`),
  ]
}

function closedLines({ closedMs }: LimiterRow, now: number): Lines {
  if (closedMs === undefined) return []
  return [
    [
      span(
        ` a provider asked for a pause until ${clockTime(now + closedMs, now)} (${durationToken(closedMs)})`,
        'bad',
      ),
    ],
  ]
}

function byHandLines({ limiter }: LimiterRow, props: ViewProps<LimitsData>): Lines {
  const { byHand } = limiter
  if (byHand === undefined) return []
  const text = `${byHandText(byHand)} (${agoToken(byHand.at, props.now)})`
  return wrap(text, limitsLayout(props).textWidth - fieldMargin).map((line, i) =>
    fieldLine(i === 0 ? 'set' : '', span(line, 'warn')),
  )
}

interface Shown {
  readonly row: LimiterRow
  readonly key: KeyRow | undefined
  readonly props: ViewProps<LimitsData>
}

function placeLines(places: readonly RunPlace[], { row, key, props }: Shown): Lines {
  const { now } = props
  const [first] = places
  if (first === undefined) return [fieldLine('waits', span(quietText(row, key), 'dim'))]
  return [
    ...wrap(waitlistSentence(first.place, now), limitsLayout(props).textWidth - 2).map((line) => [
      span(` ${line}`, 'warn'),
    ]),
    ...places.map(({ run, place: { path, ahead } }, i) =>
      fieldLine(
        i === 0 ? 'waits' : '',
        `${run.id} ${run.job} for ${durationToken(now - run.changedAt)}`,
        span(`  ${path === '' ? '' : `step '${path}', `}${ahead} ahead`, 'dim'),
      ),
    ),
  ]
}

function quietText({ limiter }: LimiterRow, key: KeyRow | undefined): string {
  const waiting = key?.key.waiting ?? limiter.waiting
  if (waiting === 0) return 'no run waits; who holds it is told by runs that wait for it'
  const those = waiting === 1 ? '1 waits, and is not' : `${waiting} wait, none of them`
  return `${those} among the runs that have waited for the longest: enter lists all that wait`
}
