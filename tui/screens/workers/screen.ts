import { zoomed } from '../../kit/list-layout.ts'
import type { Screen } from '../screen.ts'
import { rolloutsOf } from './rollouts.ts'
import { workerRows } from './rows.ts'
import { WorkersView, workersLayout } from './view.tsx'
import { loadHeld, type WorkersData } from './workers-data.ts'

/** The workers, their runs and their code; lost ones, and the progress of a deploy. */
export const workers: Screen<WorkersData> = {
  name: 'workers',
  title: 'Workers',
  short: 'Work',
  panes: ['list'],
  filterHint: 'part of a worker or host, job:NAME queue:NAME, working, draining, lost, old code',
  sorts: [
    { column: 'name', title: 'name' },
    { column: 'runs', title: 'runs in hand' },
    { column: 'slots', title: 'slots' },
    { column: 'started', title: 'when it was started' },
    { column: 'silent', title: 'how long it is silent' },
  ],
  read: {
    everyMs: 1_000,
    followsCursor: true,
    load: ({ inspector }, request) => loadHeld(inspector, request),
  },
  rows: workerRows,
  height: (input) => workersLayout(input).listHeight,
  toggles: { zoom: zoomed },
  alarms: ({ overview }) => (overview?.workers ?? []).filter(({ lost }) => lost).length,
  json: (input) => ({
    workers: workerRows(input).map(({ id, state, part, leads, worker, event, death }) => ({
      ...worker,
      ...{ name: id, state, leads, code: part, event, death },
    })),
    deploys: input.fleet.overview === undefined ? [] : rolloutsOf(input.fleet.overview),
  }),
  View: WorkersView,
}
