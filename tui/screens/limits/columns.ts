import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { byAndWhy } from '../../../runtime/describe/manual-action.ts'
import { ruleText } from '../../../runtime/describe/rule-text.ts'
import type { LimiterKeyInfo } from '../../../runtime/store/limiters.ts'
import { bar } from '../../kit/bar.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { Tone } from '../../kit/tone.ts'
import { countToken } from '../../text/rate-text.ts'
import type { ViewProps } from '../screen.ts'
import type { LimitsData } from './limits-data.ts'
import { type KeyRow, type LimiterRow, saturation } from './rows.ts'

const barWidth = 8

export function limiterColumns({ look }: ViewProps<LimitsData>): readonly TableColumn<LimiterRow>[] {
  const { glyphs } = look
  return [
    { title: 'LIMITER', cell: ({ id }) => id, usual: 10, shrinks: true, least: 10, sort: 'name' },
    { title: 'KIND', cell: ({ limiter }) => limiter.rule.kind, usual: 11, drops: 2 },
    {
      title: 'RULE',
      cell: ({ limiter }) => ruleCell(limiter),
      tone: ({ limiter }) => (limiter.byHand === undefined ? 'plain' : 'warn'),
      ...{ usual: 14, shrinks: true, least: 12 },
    },
    {
      title: 'FULLEST KEY',
      cell: ({ fullest }) => (fullest === undefined ? '' : takenText(fullest, glyphs)),
      ...{ tone: ({ fullest }) => takenTone(fullest), usual: barWidth + 6, sort: 'used' },
    },
    {
      title: 'KEYS',
      cell: ({ limiter }) => countToken(limiter.keys),
      ...{ align: 'right', usual: 4, drops: 3 },
    },
    {
      title: 'WAIT',
      cell: ({ limiter }) => countToken(limiter.waiting),
      tone: ({ limiter }) => (limiter.waiting > 0 ? 'warn' : 'dim'),
      ...{ align: 'right', usual: 5, sort: 'waiting' },
    },
    {
      title: 'OLDEST',
      cell: ({ oldestMs }) => (oldestMs === undefined ? '' : durationToken(oldestMs)),
      ...{ align: 'right', usual: 6, sort: 'oldest wait' },
    },
    {
      title: 'CLOSED',
      cell: ({ closedMs }) => (closedMs === undefined ? '' : durationToken(closedMs)),
      ...{ tone: () => 'bad', align: 'right', usual: 6 },
    },
    {
      title: 'SET BY',
      cell: ({ limiter }) => (limiter.byHand === undefined ? '' : byAndWhy(limiter.byHand)),
      ...{ tone: () => 'warn', shrinks: true, least: 20, drops: 4 },
    },
  ]
}

/** A rule that isn't the code's says so where there is no room for the column of those who set it. */
function ruleCell({ rule, byHand }: LimiterRow['limiter']): string {
  return byHand === undefined ? ruleText(rule) : `${ruleText(rule)} by ${byHand.by}`
}

export function keyColumns({ look }: ViewProps<LimitsData>): readonly TableColumn<KeyRow>[] {
  return [
    { title: 'KEY', cell: ({ key }) => keyName(key), usual: 10, shrinks: true, least: 10 },
    {
      title: 'USED',
      cell: ({ key }) => takenText(key, look.glyphs),
      ...{ tone: ({ key }) => takenTone(key), usual: barWidth + 6 },
    },
    {
      title: 'WAIT',
      cell: ({ key }) => countToken(key.waiting),
      tone: ({ key }) => (key.waiting > 0 ? 'warn' : 'dim'),
      ...{ align: 'right', usual: 5 },
    },
    {
      title: 'OPENS IN',
      cell: ({ key: { opensInMs } }) =>
        opensInMs === undefined || opensInMs === 0 ? '' : durationToken(opensInMs),
      align: 'right',
    },
    {
      title: 'CLOSED',
      cell: ({ key: { closedMs } }) => (closedMs === undefined ? '' : durationToken(closedMs)),
      ...{ tone: () => 'bad', align: 'right' },
    },
  ]
}

/** As authors know it: the empty one is that of a limiter without keys. */
export function keyName({ key }: Pick<LimiterKeyInfo, 'key'>): string {
  return key === '' ? '(all)' : key
}

function takenText(key: LimiterKeyInfo, glyphs: ViewProps<LimitsData>['look']['glyphs']): string {
  const { used, max } = key
  return `${bar(used, max, { width: barWidth, glyphs })} ${countToken(used)}/${countToken(max)}`
}

function takenTone(key: LimiterKeyInfo | undefined): Tone {
  return saturation(key) >= 1 ? 'warn' : 'busy'
}
