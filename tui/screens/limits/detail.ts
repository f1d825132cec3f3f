import { wrap } from '../../../runtime/cli/plain-text.ts'
import { clockTime } from '../../../runtime/describe/clock-time.ts'
import { agoToken, durationToken } from '../../../runtime/describe/duration-token.ts'
import { byHandText, ruleText } from '../../../runtime/describe/rule-text.ts'
import { fieldLine, fieldMargin } from '../../kit/field-line.ts'
import { type Span, span } from '../../kit/span.ts'
import type { LimiterRow } from './rows.ts'

type Lines = readonly (readonly Span[])[]

/** Of the limiter under the cursor: what keeps it closed, who set its numbers, and its rule; the weightiest first. */
export function limiterLines(row: LimiterRow, now: number, width: number): Lines {
  const { closedMs, limiter } = row
  const { byHand, rule } = limiter
  const closed =
    closedMs === undefined
      ? []
      : [
          fieldLine(
            'closed',
            span(`a provider requested a pause until ${clockTime(now + closedMs, now)}`, 'bad'),
            span(` (${durationToken(closedMs)})`, 'bad'),
          ),
        ]
  const set =
    byHand === undefined
      ? []
      : wrap(`${byHandText(byHand)} (${agoToken(byHand.at, now)})`, width - fieldMargin).map((line, i) =>
          fieldLine(i === 0 ? 'set' : '', span(line, 'warn')),
        )
  return [...closed, ...set, fieldLine('rule', `${rule.kind}, ${ruleText(rule)}`)]
}
