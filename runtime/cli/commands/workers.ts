import type { Command } from 'commander'
import { commandLine } from '../../describe/command-line.ts'
import { durationToken } from '../../describe/duration-token.ts'
import { protectionText, protectionToken } from '../../describe/protection-text.ts'
import {
  drainCauseText,
  drainPlanText,
  workerJobsText,
  workerQueuesText,
  workerRevisionText,
  workerStateText,
  workerTaskText,
} from '../../describe/worker-text.ts'
import { deathKinds } from '../../model/death-cause.ts'
import type { WorkerInfo } from '../../store/store.ts'
import type { RunDrainPlan } from '../../store/worker-drain.ts'
import { withConnection } from '../connection.ts'
import { printLostWorkers } from '../lost-workers-table.ts'
import { paint, print, printJson, printTable, remark } from '../output.ts'
import { ago } from '../run-text.ts'
import { addSharedOptions, explainJson, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'

type ShownWorker = WorkerInfo & {
  /** The roles that it has. */
  readonly leads: readonly string[]
}

/** Only if a worker drains. */
const drainColumn: Column<ShownWorker> = {
  title: 'DRAINED BY',
  cell: ({ drain }) => (drain === undefined ? '' : drainCauseText(drain)),
  ...{ shrinks: true, least: 12, drops: 9 },
}

/** Only if a worker is in an ECS task. */
const taskColumns: readonly Column<ShownWorker>[] = [
  { title: 'TASK', cell: workerTaskText, ...{ shrinks: true, least: 8, drops: 10 } },
  { title: 'REVISION', cell: workerRevisionText, drops: 9 },
  { title: 'ZONE', cell: ({ task }) => task?.zone ?? '', drops: 3 },
]

/** Only if a worker has scale-in protection configured. */
const protectionColumn: Column<ShownWorker> = {
  title: 'PROTECTION',
  cell: ({ protection }) => (protection === undefined ? '' : protectionToken(protection)),
  ...{ shrinks: true, least: 12, drops: 11 },
}

const columns = (workers: readonly ShownWorker[]): readonly Column<ShownWorker>[] => [
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
  ...(workers.some(({ drain }) => drain !== undefined) ? [drainColumn] : []),
  ...(workers.some(({ protection }) => protection !== undefined) ? [protectionColumn] : []),
  ...(workers.some(({ task }) => task !== undefined) ? taskColumns : []),
  { title: 'LEADS', cell: (worker) => worker.leads.join(', '), shrinks: true, drops: 8 },
  { title: 'STARTED', cell: (worker) => ago(worker.startedAt), align: 'right', drops: 4 },
  { title: 'SEEN', cell: (worker) => `${durationToken(worker.seenAgoMs)} ago`, align: 'right', drops: 3 },
  { title: 'LEASE LEFT', cell: (worker) => durationToken(worker.leaseLeftMs), align: 'right', drops: 5 },
  { title: 'QUEUES', cell: workerQueuesText, shrinks: true, drops: 7 },
  { title: 'JOBS', cell: workerJobsText, shrinks: true, least: 26 },
]

const fieldsOfWorker = `WORKER: name, host, pid, node, concurrency, running, draining, drain?, protectedRuns?, task?, protection?, lost,
leads [role], queues?, queueOrder, jobs [{ name, version, queue, digest }], startedAt, seenAgoMs, leaseLeftMs
DRAIN: cause (signal, order, program, lease thread), signal?, by?, reason?, agoMs, leftMs?, runs? [{ run, plan, path? }]
TASK: taskArn, cluster, region, family, revision, zone?, launchType?, imageDigest?, service?, vcpu?, memoryMiB?, process, startedAt
PROTECTION: mode, state { kind, ... }, users, protectedForMs, sharesTask?
LOST (workers of ECS tasks that were lost within the last hour): name, taskArn, lostAt, seenBy (exit, lease), runs, death?
DEATH (what ended the task): kind (${deathKinds.join(', ')}), killedAfterMs?, text`

export function addWorkers(program: Command): void {
  const command = program
    .command('workers')
    .description('list workers: what each does, which one leads, and which are lost')
  addSharedOptions(command, '{ workers: [WORKER], lost: [LOST] }').action(listWorkers)
  explainJson(command, fieldsOfWorker)
}

async function listWorkers(options: SharedOptions): Promise<void> {
  await withConnection(options, async ({ inspector }) => {
    const leaders = await inspector.leaders()
    const workers = (await inspector.workers()).map((worker) => ({
      ...worker,
      leads: leaders.filter((leader) => leader.worker === worker.name).map(({ role }) => role),
    }))
    const lost = await inspector.lostWorkers()
    if (options.json) return printJson({ workers, lost })
    if (workers.length > 0) printWorkers(workers)
    else
      remark(`no live worker in ${inspector.address}; start one: ${commandLine(['work', 'FILE'], options)}`)
    if (lost.length === 0) return
    if (workers.length > 0) print('')
    printLostWorkers(lost)
  })
}

interface PlannedRun extends RunDrainPlan {
  readonly worker: ShownWorker
}

const planColumns: readonly Column<PlannedRun>[] = [
  { title: 'DRAINING', cell: ({ worker }) => worker.name },
  { title: 'RUN', cell: ({ run }) => run },
  { title: 'PLAN', cell: (planned) => drainPlanText(planned, planned.worker.drain?.leftMs), shrinks: true },
]

function printWorkers(workers: readonly ShownWorker[]): void {
  printTable(columns(workers), workers)
  const planned = workers.flatMap((worker) => (worker.drain?.runs ?? []).map((run) => ({ ...run, worker })))
  if (planned.length > 0) {
    print('')
    printTable(planColumns, planned)
  }
  for (const worker of workers) {
    const { name, protection } = worker
    if (protection === undefined) continue
    if (protection.sharesTask)
      remark(
        `${name}: another live process works in its task ${workerTaskText(worker)}; run one worker process per task. Its protection expires ` +
          'instead of being given back',
      )
    const { mode, state, protectedForMs } = protection
    const keepsFromRuns = state.kind === 'refused' || state.kind === 'closing' || state.kind === 'resting'
    if (keepsFromRuns) remark(`${name}: ${protectionText(mode, state, protectedForMs)}`)
  }
}
