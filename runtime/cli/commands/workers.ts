import type { Command } from 'commander'
import { commandLine } from '../../describe/command-line.ts'
import { durationToken } from '../../describe/duration-token.ts'
import {
  drainCauseText,
  workerJobsText,
  workerQueuesText,
  workerStateText,
} from '../../describe/worker-text.ts'
import type { WorkerInfo } from '../../store/store.ts'
import { withConnection } from '../connection.ts'
import { paint, printJson, printTable, remark } from '../output.ts'
import { ago } from '../run-text.ts'
import { addSharedOptions, explainJson, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'

type ShownWorker = WorkerInfo & {
  /** The roles that it has. */
  readonly leads: readonly string[]
}

/** Only where a worker drains. */
const drainColumn: Column<ShownWorker> = {
  title: 'DRAINED BY',
  cell: ({ drain }) => (drain === undefined ? '' : drainCauseText(drain)),
  ...{ shrinks: true, least: 12, drops: 9 },
}

const columns = (isDraining: boolean): readonly Column<ShownWorker>[] => [
  { title: 'WORKER', cell: (worker) => worker.name },
  { title: 'HOST', cell: (worker) => worker.host, drops: 2 },
  { title: 'PID', cell: (worker) => worker.pid, align: 'right', drops: 6 },
  { title: 'NODE', cell: (worker) => worker.node, drops: 1 },
  { title: 'RUNS', cell: (worker) => `${worker.running}/${worker.concurrency}`, align: 'right' },
  {
    title: 'STATE',
    cell: workerStateText,
    paint: (text, worker) =>
      worker.lost ? paint('red', text) : worker.draining ? paint('yellow', text) : text,
  },
  ...(isDraining ? [drainColumn] : []),
  { title: 'LEADS', cell: (worker) => worker.leads.join(', '), shrinks: true, drops: 8 },
  { title: 'STARTED', cell: (worker) => ago(worker.startedAt), align: 'right', drops: 4 },
  { title: 'SEEN', cell: (worker) => `${durationToken(worker.seenAgoMs)} ago`, align: 'right', drops: 3 },
  { title: 'LEASE LEFT', cell: (worker) => durationToken(worker.leaseLeftMs), align: 'right', drops: 5 },
  { title: 'QUEUES', cell: workerQueuesText, shrinks: true, drops: 7 },
  { title: 'JOBS', cell: workerJobsText, shrinks: true, least: 26 },
]

const fieldsOfWorker = `WORKER: name, host, pid, node, concurrency, running, draining, drain?, protectedRuns?, lost, leads [role], queues?, queueOrder, jobs [{ name, version, queue, digest }],
startedAt, seenAgoMs, leaseLeftMs
DRAIN: cause (signal, order, program, lease thread), signal?, by?, reason?, agoMs, leftMs?`

export function addWorkers(program: Command): void {
  const command = program
    .command('workers')
    .description('list workers: what each does, who leads, and which are lost')
  addSharedOptions(command, '{ workers: [WORKER] }').action(listWorkers)
  explainJson(command, fieldsOfWorker)
}

async function listWorkers(options: SharedOptions): Promise<void> {
  await withConnection(options, async ({ inspector }) => {
    const leaders = await inspector.leaders()
    const workers = (await inspector.workers()).map((worker) => ({
      ...worker,
      leads: leaders.filter((leader) => leader.worker === worker.name).map(({ role }) => role),
    }))
    if (options.json) return printJson({ workers })
    const isDraining = workers.some(({ drain }) => drain !== undefined)
    if (workers.length > 0) printTable(columns(isDraining), workers)
    else
      remark(`no live worker in ${inspector.address}; start one: ${commandLine(['work', 'FILE'], options)}`)
  })
}
