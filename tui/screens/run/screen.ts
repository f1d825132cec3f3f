import { toggleFold } from '../../kit/folds.ts'
import type { Screen, ScreenInput, Toggle } from '../screen.ts'
import { runCopies, runPage } from './copies.ts'
import { detailRows } from './detail-rows.ts'
import { runIncident } from './incident.ts'
import { runJson } from './json.ts'
import { runLayout } from './layout.ts'
import { loadRun, type RunData } from './run-data.ts'
import { stepRows, weightiestRow } from './step-rows.ts'
import { type RunTab, runTabs, shownTab, turnedTab } from './tabs.ts'
import { RunView } from './view.tsx'

/** One run: the activity and waits of its steps, on one time axis, and why it is in its state. */
export const run: Screen<RunData> = {
  name: 'run',
  title: 'Run',
  panes: ['steps', 'detail'],
  read: {
    everyMs: 1_000,
    keyOf: ({ subject = '' }) => subject,
    load: (jobs, request, before) => loadRun(jobs, request, before),
    isPartial: (data) => data.kind === 'known' && data.journal.isPartial,
  },
  rows: (input, pane) => (pane === 'detail' ? detailRows(input) : stepRows(input)),
  begins: (input, pane) => (pane === 'steps' ? weightiestRow(input) : undefined),
  height: (input, pane) => {
    const { stepLines, detailLines } = runLayout(input)
    return pane === 'detail' ? detailLines : stepLines
  },
  toggles: {
    fold: toggleFold,
    'short waits': (own) => ({ ...own, compressed: own.compressed !== true }),
    'next tab': turn(1),
    'previous tab': turn(-1),
    ...Object.fromEntries(
      runTabs.map((tab): [string, Toggle<RunData>] => [`show ${tab}`, (own) => ({ ...own, tab })]),
    ),
  },
  copies: runCopies,
  page: runPage,
  incident: runIncident,
  json: runJson,
  View: RunView,
}

function turn(by: 1 | -1): Toggle<RunData> {
  return (own, _row, { place, data }: ScreenInput<RunData>) => {
    const tab: RunTab = turnedTab(shownTab(place, data), by)
    return { ...own, tab }
  }
}
