import { failureText } from '../../../runtime/describe/failure-text.ts'
import { alarmCount } from '../../fleet/alarm-count.ts'
import { listLayout, zoomed } from '../../kit/list-layout.ts'
import { spansText } from '../../kit/span.ts'
import type { Screen } from '../screen.ts'
import { failureDetail, retryCommand } from './detail.ts'
import { failureFilterHint } from './failure-filter.ts'
import { type FailuresData, loadFailures } from './failures-data.ts'
import { failureIncident } from './incident.ts'
import { type FailureRow, failureRows } from './rows.ts'
import { FailuresView } from './view.tsx'

/** As wide as each line is. */
const whole = Number.POSITIVE_INFINITY

/** Failures in groups, by their cause. */
export const failures: Screen<FailuresData> = {
  name: 'failures',
  title: 'Failures',
  short: 'Fail',
  panes: ['list'],
  filterHint: failureFilterHint,
  sorts: [
    { column: 'last', title: 'when it was seen last' },
    { column: 'tries', title: 'how many tries failed' },
    { column: 'first', title: 'when it was seen first' },
  ],
  read: {
    everyMs: 2_000,
    keyOf: ({ filter, sort }) => JSON.stringify([filter, sort]),
    load: ({ inspector }, request) => loadFailures(inspector, request),
  },
  rows: failureRows,
  height: (input) => listLayout(input).listHeight,
  toggles: { zoom: zoomed },
  alarms: (fleet) => alarmCount(fleet, ({ kind }) => kind === 'new-failure' || kind === 'failing-job'),
  copies: ({ store }, row) =>
    row === undefined
      ? []
      : [
          { key: 'e', what: 'the error', text: failureText((row as FailureRow).group) },
          { key: 's', what: 'the id of its sample run', text: (row as FailureRow).group.sample },
          {
            key: 'c',
            what: 'the command that retries it',
            text: retryCommand((row as FailureRow).group, store),
          },
        ],
  page: ({ now, look, store }, row) => {
    if (row === undefined) return undefined
    const lines = failureDetail(row as FailureRow, { now, width: whole, look, store })
    return { name: `failure ${row.id}`, text: `${lines.map(spansText).join('\n')}\n` }
  },
  incident: (input, row) => (row === undefined ? undefined : failureIncident(input, row as FailureRow)),
  json: (input) => ({
    failures: failureRows(input).map(({ group, newSince }) => ({ ...group, newSince: newSince ?? null })),
  }),
  View: FailuresView,
}
