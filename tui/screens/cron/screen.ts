import { alarmCount } from '../../fleet/alarm-count.ts'
import { zoomed } from '../../kit/list-layout.ts'
import type { Screen } from '../screen.ts'
import { type CronData, loadCron } from './cron-data.ts'
import { cronLayout } from './layout.ts'
import { ledgerRows, scheduleRows } from './rows.ts'
import { CronView } from './view.tsx'

/** When schedules fire next, and the outcomes of their last ticks. */
export const cron: Screen<CronData> = {
  name: 'cron',
  title: 'Cron',
  panes: ['schedules', 'ledger'],
  filterHint: 'part of a schedule, job:NAME queue:NAME, paused, dropped, missed',
  sorts: [
    { column: 'next', title: 'next tick' },
    { column: 'name', title: 'name' },
    { column: 'last run', title: 'last run' },
    { column: 'missed', title: 'missed ticks' },
  ],
  read: {
    everyMs: 2_000,
    followsCursor: true,
    load: (jobs, request, before) => loadCron(jobs, request, before),
    isPartial: ({ isPartial }) => isPartial,
  },
  rows: (input, pane) => (pane === 'ledger' ? ledgerRows(input) : scheduleRows(input)),
  height: (input, pane) => {
    const { listHeight, ledgerRows: lines, ledgerWidth } = cronLayout(input)
    return pane === 'ledger' ? (ledgerWidth === 0 ? 0 : lines) : listHeight
  },
  toggles: { zoom: zoomed },
  alarms: (fleet) => alarmCount(fleet, ({ kind }) => kind === 'missed-tick'),
  json: (input) => ({
    schedules: scheduleRows(input).map(({ schedule, ledger, lastRun, missed }) => {
      const { spec, ...info } = schedule
      const { run, ...timing } = spec
      return { ...info, ...timing, job: run.job, queue: run.queue, missedTicks: missed, lastRun, ledger }
    }),
    ticks: input.data?.ticks,
  }),
  View: CronView,
}
