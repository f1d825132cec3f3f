import { workerQueuesText, workerRevisionText } from '../../../runtime/describe/worker-text.ts'
import type { OperationEvent } from '../../../runtime/store/events.ts'
import type { Overview } from '../../../runtime/store/overview.ts'
import type { WorkerInfo } from '../../../runtime/store/worker-info.ts'
import { taskIdOf } from '../../../runtime/store/worker-report.ts'
import type { Jump } from '../../app/place.ts'
import { formatFilter } from '../../text/format-filter.ts'
import { hasWords } from '../../text/has-words.ts'
import { type SortValues, sortedBy } from '../../text/sorted-by.ts'
import type { Row, ScreenInput } from '../screen.ts'
import { partOf, type Rollout, rolloutsOf } from './rollouts.ts'
import type { WorkersData } from './workers-data.ts'

/**
 * - `gone`: it was lost a short while ago, and its runs were taken over: only the log has it
 * - `lost`: no worker has taken its runs over yet
 */
export type WorkerState = 'working' | 'draining' | 'lost' | 'gone'

export interface WorkerRow extends Row {
  readonly state: WorkerState
  /** Left out of one that is gone. */
  readonly worker?: WorkerInfo
  /** What the log says of its loss, or of the order to drain. */
  readonly event?: OperationEvent
  /** What ended its ECS task, as the log tells. */
  readonly death?: string
  /** The roles that it has. */
  readonly leads: readonly string[]
  /** During a deploy: whether its code is to be replaced. */
  readonly part?: 'old' | 'new'
}

type Input = Pick<ScreenInput<WorkersData>, 'fleet' | 'data' | 'place' | 'now'>

/** Of a worker that was lost so long ago there is nothing to do any more. */
const goneForMs = 3_600_000

/** Lost workers first, then those of old code during a deploy, then those that drain; by name. */
export function workerRows({ fleet, data, place, now }: Input): readonly WorkerRow[] {
  const { overview } = fleet
  if (overview === undefined) return []
  const rollouts = rolloutsOf(overview)
  const rows = [
    ...overview.workers.map((worker) => rowOf(worker, overview, rollouts, data)),
    ...goneRows(overview, now),
  ]
  const shown = rows
    .filter((row) => hasWords(textsOf(row), place.filter))
    .sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
  return sortedBy(shown, place.sort, sortValues)
}

const sortValues: SortValues<WorkerRow> = {
  name: ({ id }) => id,
  runs: ({ worker }) => worker?.running,
  slots: ({ worker }) => worker?.concurrency,
  started: ({ worker }) => worker?.startedAt,
  silent: ({ worker }) => worker?.seenAgoMs,
}

function rank({ state, part }: WorkerRow): number {
  if (state === 'lost') return 0
  if (state === 'gone') return 5
  return (part === 'new' ? 3 : part === 'old' ? 1 : 2) + (state === 'draining' ? 0 : 0.5)
}

function textsOf({ id, state, part, worker, leads, death }: WorkerRow): readonly string[] {
  const code = part === undefined ? [] : [`${part} code`]
  const roles = leads.map((role) => `leads ${role}`)
  if (worker === undefined) return [id, state, ...(death === undefined ? [] : [death])]
  const jobs = worker.jobs.flatMap(({ name, version, queue }) => [
    `job:${name}`,
    `${name} v${version}`,
    `queue:${queue}`,
  ])
  const queues = (worker.queues ?? []).map((queue) => `queue:${queue}`)
  const { task } = worker
  const ecs = task === undefined ? [] : [taskIdOf(task.taskArn), workerRevisionText(worker), task.zone ?? '']
  return [id, state, worker.host, workerQueuesText(worker), ...code, ...roles, ...jobs, ...queues, ...ecs]
}

function rowOf(
  worker: WorkerInfo,
  overview: Overview,
  rollouts: readonly Rollout[],
  data: WorkersData | undefined,
): WorkerRow {
  const { name, lost, draining } = worker
  const state = lost ? 'lost' : draining ? 'draining' : 'working'
  const event = state === 'working' ? undefined : lastEvent(name, state, overview)
  const part = lost ? undefined : partOf(worker, rollouts)
  return {
    ...{ id: name, state, worker, leads: rolesOf(name, overview) },
    ...(event === undefined ? {} : { event }),
    ...(part === undefined ? {} : { part }),
    thing: { kind: 'worker', id: name, draining },
    target: { screen: 'runs', filter: formatFilter({ filter: { worker: name } }) },
    get jumps() {
      return jumpsOf(worker, data)
    },
  }
}

function rolesOf(name: string, { leaders }: Overview): readonly string[] {
  return leaders.filter(({ worker }) => worker === name).map(({ role }) => role)
}

function lastEvent(
  name: string,
  state: 'draining' | 'lost',
  { operations }: Overview,
): OperationEvent | undefined {
  const operation = state === 'lost' ? 'worker lost' : 'drain worker'
  return operations.findLast((event) => event.operation === operation && event.subject === name)
}

/** Workers that only the log has: lost within the hour, and neither back nor found alive. */
function goneRows({ workers, operations }: Overview, now: number): readonly WorkerRow[] {
  const known = new Set(workers.map(({ name }) => name))
  const last = new Map<string, OperationEvent>()
  for (const event of operations) {
    const isOfWorker = event.operation.startsWith('worker ') && event.subject !== undefined
    if (isOfWorker && event.subject !== undefined) last.set(event.subject, event)
  }
  return [...last]
    .filter(
      ([name, { operation, at }]) => operation === 'worker lost' && !known.has(name) && now - at < goneForMs,
    )
    .map(([name, event]) => ({
      ...{ id: name, state: 'gone', event, leads: [] },
      ...deathOf(name, operations),
      opensNothing: `${name} is gone: ${goneText(event)}`,
    }))
}

function deathOf(name: string, operations: readonly OperationEvent[]): Pick<WorkerRow, 'death'> {
  const { reason } =
    operations.findLast(({ operation, subject }) => operation === 'loss explained' && subject === name) ?? {}
  return reason === undefined ? {} : { death: reason }
}

/** Which runs it held is told by their own histories only. */
function goneText({ count = 0 }: OperationEvent): string {
  if (count === 0) return 'it held no runs'
  return `the ${count === 1 ? 'run that it held was' : `${count} runs that it held were`} taken back`
}

const maxRunJumps = 5

function jumpsOf({ name, jobs, queues }: WorkerInfo, data: WorkersData | undefined): readonly Jump[] {
  const held = data?.worker === name ? data.held.slice(0, maxRunJumps) : []
  const served = queues ?? [...new Set(jobs.map(({ queue }) => queue))]
  return [
    ...held.map(({ id, job }) => ({
      label: `run ${id} of ${job}`,
      target: { screen: 'run', subject: id } as const,
    })),
    ...served.map((queue) => ({
      label: `queue ${queue}`,
      target: { screen: 'queues', row: queue } as const,
    })),
  ]
}
