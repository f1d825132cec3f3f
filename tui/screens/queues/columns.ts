import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { hindranceText } from '../../../runtime/describe/hindrance.ts'
import { byAndWhy } from '../../../runtime/describe/manual-action.ts'
import type { RunState } from '../../../runtime/model/run.ts'
import { type SparklineForm, sparkline } from '../../kit/sparkline.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { Tone } from '../../kit/tone.ts'
import { countToken, rateToken } from '../../text/rate-text.ts'
import type { ViewProps } from '../screen.ts'
import type { QueuesData } from './queues-data.ts'
import { type QueueRow, startedSeries } from './rows.ts'

const wideChart = 30
const narrowChart = 12

export function queueColumns(props: ViewProps<QueuesData>): readonly TableColumn<QueueRow>[] {
  const { look, now, data, size } = props
  const chartWidth = size.columns >= 160 ? wideChart : narrowChart
  const form = sparklineForm(look)
  return [
    { title: 'QUEUE', cell: ({ id }) => id, shrinks: true, least: 10, usual: 12, sort: 'name' },
    { ...countColumn('READY', 'ready'), sort: 'ready' },
    countColumn('RUN', 'running', 'busy'),
    countColumn('WAIT', 'waiting'),
    { ...countColumn('DUE', 'scheduled'), drops: 3 },
    { ...countColumn('FAIL', 'failed', 'bad'), sort: 'failed' },
    {
      title: 'RATE',
      cell: ({ perSecond }) => (perSecond === undefined ? '' : rateToken(perSecond)),
      ...{ align: 'right', usual: 7, drops: 4, sort: 'rate' },
    },
    {
      title: 'OLDEST',
      cell: ({ oldestReadyMs }) => (oldestReadyMs === undefined ? '' : durationToken(oldestReadyMs)),
      ...{ align: 'right', usual: 6, sort: 'oldest ready' },
    },
    {
      title: 'LAST HOUR',
      cell: ({ id }) => {
        const series = startedSeries(id, data)
        return series === undefined
          ? ''
          : (sparkline(series, { width: chartWidth, height: 1, form })[0] ?? '')
      },
      ...{ tone: () => 'busy', usual: chartWidth, drops: 1 },
    },
    {
      title: 'HELD BY',
      cell: (row) => heldText(row, { now, paused: look.glyphs.paused, warning: look.glyphs.warning }),
      ...{ tone: () => 'warn', shrinks: true, least: 24 },
    },
  ]
}

/** Of one line. */
export function sparklineForm({ ascii }: Pick<ViewProps<QueuesData>['look'], 'ascii'>): SparklineForm {
  return ascii ? 'ascii' : 'block'
}

function countColumn(title: string, state: RunState, tone: Tone = 'plain'): TableColumn<QueueRow> {
  return {
    title,
    cell: ({ counts }) => countToken(counts[state] ?? 0),
    tone: ({ counts }) => ((counts[state] ?? 0) > 0 ? tone : 'dim'),
    ...{ align: 'right', usual: 5 },
  }
}

/** Why its ready runs are not taken; '' where nothing keeps them. */
function heldText(
  { paused, held }: QueueRow,
  glyphs: { readonly now: number; readonly paused: string; readonly warning: string },
): string {
  if (paused !== undefined) {
    return `${glyphs.paused} paused by ${byAndWhy(paused)} (${durationToken(glyphs.now - paused.at)} ago)`
  }
  const texts = [...new Set(held.map(({ of, why }) => hindranceText(why, of)))]
  return texts.length === 0 ? '' : `${glyphs.warning} ${texts.join('; ')}`
}
