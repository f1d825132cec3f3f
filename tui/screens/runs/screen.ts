import { runForJson } from '../../../runtime/cli/run-json.ts'
import type { Screen } from '../screen.ts'
import { allRuns } from './all-runs.ts'
import { completeRunFilter } from './complete.ts'
import { runRows } from './rows.ts'
import { loadRuns, type RunsData, shownOf } from './runs-data.ts'
import { RunsView, runsLayout } from './view.tsx'

/** The runs of the store by filter, live. */
export const runs: Screen<RunsData> = {
  name: 'runs',
  title: 'Runs',
  panes: ['list'],
  filterHint: 'state:failed job:NAME age>1h err:TEXT !tag:TAG',
  complete: completeRunFilter,
  all: allRuns,
  sorts: [
    { column: 'enqueued', title: 'when it was enqueued' },
    { column: 'in state', title: 'how long it is in its state (ready, waiting and running ones)' },
  ],
  read: {
    everyMs: 1_000,
    load: ({ inspector }, request, before) => loadRuns(inspector, request, before),
    isPartial: ({ isPartial }) => isPartial,
  },
  rows: runRows,
  height: (input) => runsLayout(input).listHeight,
  json: ({ data }) => ({
    runs: data?.pages.flatMap(({ runs }) => shownOf(runs, data.hidden)).map(runForJson),
    looked: data?.looked,
  }),
  View: RunsView,
}
