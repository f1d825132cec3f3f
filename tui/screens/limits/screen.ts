import { zoomed } from '../../kit/list-layout.ts'
import type { Screen } from '../screen.ts'
import { limitsLayout } from './layout.ts'
import { type LimitsData, loadLimits } from './limits-data.ts'
import { keyRows, limiterRows } from './rows.ts'
import { LimitsView } from './view.tsx'

/** How full limiters are, and who waits for them. */
export const limits: Screen<LimitsData> = {
  name: 'limits',
  title: 'Limits',
  short: 'Limit',
  panes: ['limiters', 'keys'],
  filterHint: 'part of a limiter or its kind, full, closed, open, or set by NAME',
  sorts: [
    { column: 'waiting', title: 'runs and steps that wait' },
    { column: 'used', title: 'how full its fullest key is' },
    { column: 'oldest wait', title: 'how long the first has waited' },
    { column: 'name', title: 'name' },
  ],
  read: {
    everyMs: 2_000,
    followsCursor: true,
    load: ({ inspector }, request, before) => loadLimits(inspector, request, before),
    isPartial: ({ isPartial }) => isPartial,
  },
  rows: (input, pane) => (pane === 'keys' ? keyRows(input) : limiterRows(input)),
  height: (input, pane) => {
    const { listHeight, keyRows: lines } = limitsLayout(input)
    return pane === 'keys' ? lines : listHeight
  },
  toggles: { zoom: zoomed },
  alarms: ({ findings }) =>
    findings.filter(({ kind, severity }) => kind === 'limiter' && severity !== 'notice').length,
  json: (input) => ({
    limiters: limiterRows(input).map(({ limiter, closedMs, oldestMs }) => ({
      ...{ ...limiter, closedMs, oldestMs },
      keysInUse: input.data?.keys.get(limiter.name) ?? [],
    })),
    places: input.data?.places.map(({ run, place }) => ({ run: run.id, ...place })),
  }),
  View: LimitsView,
}
