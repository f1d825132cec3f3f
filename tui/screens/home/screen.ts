import { alarmCount } from '../../fleet/alarm-count.ts'
import type { Screen } from '../screen.ts'
import { findingIncident } from './incident.ts'
import { homeLayout } from './layout.ts'
import { backlogOf, type HomeData, latencyOf, ratesOf, statisticsOf } from './rates.ts'
import { type FindingRow, findingRows, fleetSummary, queueRows } from './rows.ts'
import { HomeView } from './view.tsx'

/** The state of the fleet, and the findings that need a person. */
export const home: Screen<HomeData> = {
  name: 'home',
  title: 'Home',
  panes: ['attention', 'queues'],
  read: {
    everyMs: 2_000,
    load: async ({ inspector }, { range }) =>
      range === '1h' ? {} : { statistics: await inspector.statistics(range) },
  },
  rows: (input, pane) => (pane === 'queues' ? queueRows(input) : findingRows(input)),
  height: ({ size, fleet }, pane) => {
    const queues = fleet.overview?.queues.length ?? 0
    const { attentionHeight, detailHeight, middleHeight } = homeLayout(size, queues)
    return pane === 'queues' ? middleHeight - 1 : attentionHeight - detailHeight - 1
  },
  alarms: (fleet) => alarmCount(fleet, ({ severity }) => severity === 'critical'),
  json: (input) => {
    const statistics = statisticsOf(input)
    const { series: _, ...rates } = ratesOf(input)
    return {
      ...{ range: input.range, rates, backlog: backlogOf(statistics), fleet: fleetSummary(input.fleet) },
      ...{ wait: latencyOf(statistics, 'wait'), run: latencyOf(statistics, 'run') },
      queues: input.fleet.overview?.queues ?? [],
      findings: input.fleet.findings,
      muted: input.fleet.muted,
    }
  },
  incident: (input, row) =>
    row === undefined || !('finding' in row) ? undefined : findingIncident(input, row as FindingRow),
  View: HomeView,
}
