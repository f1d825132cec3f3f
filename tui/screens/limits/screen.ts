import type { Place } from '../../app/place.ts'
import { alarmCount } from '../../fleet/alarm-count.ts'
import { zoomed } from '../../kit/list-layout.ts'
import type { Row, Screen, ScreenInput } from '../screen.ts'
import { limitsLayout, showsUnique, userLines } from './layout.ts'
import { type LimitsData, loadLimits } from './limits-data.ts'
import { keyRows, limiterRows } from './rows.ts'
import { uniqueRows } from './unique-rows.ts'
import { userRows } from './user-rows.ts'
import { LimitsView } from './view.tsx'

/** How full limiters are, with holders and waiters of their keys; or the held unique keys. */
export const limits: Screen<LimitsData> = {
  name: 'limits',
  title: 'Limits',
  short: 'Limit',
  panes: ['limiters', 'keys', 'users'],
  filterHint: 'part of a limiter or its kind, full, closed, open, set by NAME; of unique keys: job, key, run',
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
  rows: rowsOf,
  height: (input, pane) => {
    const { listHeight, keyRows: lines } = limitsLayout(input)
    if (showsUnique(input)) return listHeight
    if (pane === 'users') return userLines(input)
    return pane === 'keys' ? lines : listHeight
  },
  toggles: { zoom: zoomed, 'unique keys': uniqueShown },
  alarms: (fleet) => alarmCount(fleet, ({ kind, severity }) => kind === 'limiter' && severity !== 'notice'),
  json: (input) => (showsUnique(input) ? { unique: input.data?.unique } : limitersJson(input)),
  View: LimitsView,
}

function rowsOf(input: ScreenInput<LimitsData>, pane: string): readonly Row[] {
  if (showsUnique(input)) return uniqueRows(input)
  if (pane === 'keys') return keyRows(input)
  return pane === 'users' ? userRows(input) : limiterRows(input)
}

/** The toggle `unique keys`. */
function uniqueShown(own: Place['own']): Place['own'] {
  const { unique, ...others } = own
  return unique === true ? others : { ...others, unique: true }
}

function limitersJson(input: ScreenInput<LimitsData>): unknown {
  return {
    limiters: limiterRows(input).map(({ limiter, closedMs, oldestMs }) => ({
      ...{ ...limiter, closedMs, oldestMs },
      keysInUse: input.data?.keys.get(limiter.name) ?? [],
    })),
    users: input.data?.users,
  }
}
