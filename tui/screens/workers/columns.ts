import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { workerJobsText, workerQueuesText, workerStateText } from '../../../runtime/describe/worker-text.ts'
import { leaderRole } from '../../../runtime/store/terms.ts'
import { bar } from '../../kit/bar.ts'
import type { Look } from '../../kit/look.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { Tone } from '../../kit/tone.ts'
import type { ViewProps } from '../screen.ts'
import { rolloutLines } from './detail.ts'
import type { WorkerRow, WorkerState } from './rows.ts'
import type { WorkersData } from './workers-data.ts'

const stateTones: Readonly<Record<WorkerState, Tone>> = {
  working: 'good',
  draining: 'warn',
  lost: 'bad',
  gone: 'dim',
}

const barWidth = 8

/** While a deploy is under way. */
const codeColumn: TableColumn<WorkerRow> = {
  title: 'CODE',
  cell: ({ part = '' }) => part,
  tone: ({ part }) => (part === 'old' ? 'warn' : 'plain'),
  usual: 4,
}

export function workerColumns(props: ViewProps<WorkersData>): readonly TableColumn<WorkerRow>[] {
  const { look, now, size } = props
  const { glyphs } = look
  return [
    { title: 'WORKER', cell: ({ id }) => id, usual: 16, sort: 'name' },
    {
      title: 'STATE',
      cell: (row) => stateText(row, look),
      ...{ tone: ({ state }) => stateTones[state], usual: 10 },
    },
    ...(rolloutLines(props).length === 0 ? [] : [codeColumn]),
    {
      title: 'SLOTS',
      cell: ({ worker }) =>
        worker === undefined
          ? ''
          : `${bar(worker.running, worker.concurrency, { width: barWidth, glyphs })} ${worker.running}/${worker.concurrency}`,
      ...{ tone: () => 'busy', usual: barWidth + 6, sort: ['runs', 'slots'] },
    },
    {
      title: 'LEADS',
      cell: ({ leads }) =>
        leads.map((role) => (role === leaderRole ? `${glyphs.leader} ${role}` : role)).join(' '),
      ...{ usual: 8, drops: 4 },
    },
    {
      title: 'SEEN',
      cell: ({ worker, event }) =>
        durationToken(worker?.seenAgoMs ?? (event === undefined ? 0 : now - event.at)),
      ...{ align: 'right', usual: 6, sort: 'silent' },
    },
    {
      title: 'UP',
      cell: ({ worker }) => (worker === undefined ? '' : durationToken(now - worker.startedAt)),
      ...{ align: 'right', usual: 6, drops: 3, sort: 'started' },
    },
    { title: 'HOST', cell: ({ worker }) => worker?.host ?? '', drops: 1, usual: 8 },
    {
      title: 'QUEUES',
      cell: ({ worker }) => (worker === undefined ? '' : workerQueuesText(worker)),
      ...{ shrinks: true, least: 8, drops: 2 },
    },
    {
      title: 'JOBS',
      cell: ({ worker }) => (worker === undefined ? '' : workerJobsText(worker)),
      ...{ shrinks: true, least: size.columns >= 100 ? 24 : 10, drops: 5 },
    },
  ]
}

/** Glyph and word. */
function stateText({ state, worker }: WorkerRow, { glyphs }: Look): string {
  const glyph = { working: glyphs.live, draining: glyphs.draining, lost: glyphs.lost, gone: glyphs.lost }[
    state
  ]
  return `${glyph} ${worker === undefined ? state : workerStateText(worker)}`
}
