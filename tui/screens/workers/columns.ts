import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { protectionToken } from '../../../runtime/describe/protection-text.ts'
import {
  workerJobsText,
  workerQueuesText,
  workerRevisionText,
  workerStateText,
  workerTaskText,
} from '../../../runtime/describe/worker-text.ts'
import { slotsInUse } from '../../../runtime/store/slots-in-use.ts'
import { leaderRole } from '../../../runtime/store/terms.ts'
import type { WorkerInfo } from '../../../runtime/store/worker-info.ts'
import { bar } from '../../kit/bar.ts'
import type { Look } from '../../kit/look.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { Tone } from '../../kit/tone.ts'
import type { ViewProps } from '../screen.ts'
import { rolloutLines } from './detail.ts'
import { type WorkerRow, type WorkerState, workerRows } from './rows.ts'
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

/** Shown if the end of a worker's task is known. */
const deathColumn: TableColumn<WorkerRow> = {
  title: 'ENDED BY',
  cell: ({ death = '' }) => death,
  ...{ tone: () => 'dim', shrinks: true, least: 17, drops: 4 },
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
    ...(workerRows(props).some(({ death }) => death !== undefined) ? [deathColumn] : []),
    {
      title: 'SLOTS',
      cell: ({ worker }) => (worker === undefined ? '' : slotsText(worker, glyphs)),
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
    ...taskColumns(props),
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

function slotsText(worker: WorkerInfo, glyphs: Look['glyphs']): string {
  const taken = slotsInUse([worker])
  return `${bar(taken, worker.concurrency, { width: barWidth, glyphs })} ${taken}/${worker.concurrency}`
}

/** Where a worker is in an ECS task. */
function taskColumns({ fleet }: ViewProps<WorkersData>): readonly TableColumn<WorkerRow>[] {
  const { workers = [] } = fleet.overview ?? {}
  const protection: TableColumn<WorkerRow> = {
    title: 'PROTECTED',
    cell: ({ worker }) => (worker?.protection === undefined ? '' : protectionToken(worker.protection)),
    tone: ({ worker }) => (worker?.protection?.state.kind === 'refused' ? 'warn' : 'plain'),
    ...{ shrinks: true, least: 10, usual: 10, drops: 8 },
  }
  const task: readonly TableColumn<WorkerRow>[] = [
    {
      title: 'TASK',
      cell: ({ worker }) => (worker === undefined ? '' : workerTaskText(worker)),
      ...{ shrinks: true, least: 8, usual: 8, drops: 7 },
    },
    {
      title: 'REVISION',
      cell: ({ worker }) => (worker === undefined ? '' : workerRevisionText(worker)),
      ...{ usual: 8, drops: 6 },
    },
    { title: 'ZONE', cell: ({ worker }) => worker?.task?.zone ?? '', usual: 8, drops: 2 },
  ]
  return [
    ...(workers.some((worker) => worker.protection !== undefined) ? [protection] : []),
    ...(workers.some((worker) => worker.task !== undefined) ? task : []),
  ]
}

/** Glyph and word. */
function stateText({ state, worker }: WorkerRow, { glyphs }: Look): string {
  const glyph = { working: glyphs.live, draining: glyphs.draining, lost: glyphs.lost, gone: glyphs.lost }[
    state
  ]
  return `${glyph} ${worker === undefined ? state : workerStateText(worker)}`
}
