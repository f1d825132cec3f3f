import { wrap } from '../../../runtime/cli/plain-text.ts'
import { agoToken, durationToken } from '../../../runtime/describe/duration-token.ts'
import { eventSentence } from '../../../runtime/describe/event-sentence.ts'
import { protectionText } from '../../../runtime/describe/protection-text.ts'
import { situation } from '../../../runtime/describe/situation.ts'
import {
  drainPlanText,
  drainSentence,
  workerJobsText,
  workerQueuesText,
} from '../../../runtime/describe/worker-text.ts'
import type { Run } from '../../../runtime/model/run.ts'
import type { WorkerInfo } from '../../../runtime/store/worker-info.ts'
import { type ProtectionInfo, taskIdOf } from '../../../runtime/store/worker-report.ts'
import { bar } from '../../kit/bar.ts'
import { fieldLine } from '../../kit/field-line.ts'
import { stateText, stateTone } from '../../kit/run-state.ts'
import { type Span, span } from '../../kit/span.ts'
import type { ViewProps } from '../screen.ts'
import { type Rollout, rolloutsOf, type VersionShare } from './rollouts.ts'
import type { WorkerRow } from './rows.ts'
import type { WorkersData } from './workers-data.ts'

type Lines = readonly (readonly Span[])[]

const maxRollouts = 3
/** The runs in hand are listed beneath, with their steps. */
const maxPlans = 5

/** The deploys in progress, above the list: how far each is, and the runs that the old code still holds. */
export function rolloutLines({
  fleet,
  now,
  look,
}: Pick<ViewProps<WorkersData>, 'fleet' | 'now' | 'look'>): Lines {
  if (fleet.overview === undefined) return []
  const alike = alikeOf(rolloutsOf(fleet.overview))
  const lines = alike.slice(0, maxRollouts).map((rollouts) => rolloutLine(rollouts, { now, look }))
  const left = alike.slice(maxRollouts).flat().length
  return left > 0 ? [...lines, [span(` and deploys of ${left} more jobs`, 'dim')]] : lines
}

type Alike = readonly [Rollout, ...Rollout[]]

/** A release of several jobs goes alike for all of them: one line says it. */
function alikeOf(rollouts: readonly Rollout[]): readonly Alike[] {
  const groups = new Map<string, Alike>()
  for (const rollout of rollouts) {
    const { job: _, ...how } = rollout
    const key = JSON.stringify(how)
    const before = groups.get(key)
    groups.set(key, before === undefined ? [rollout] : [...before, rollout])
  }
  return [...groups.values()]
}

function rolloutLine(
  [first, ...others]: Alike,
  { now, look }: Pick<ViewProps<WorkersData>, 'now' | 'look'>,
): readonly Span[] {
  const { job, versions, since, progress, oldHeldMs } = first
  const jobs = [job, ...others.map((other) => other.job)]
  const old = versions.slice(1).reduce((sum, { runs }) => sum + runs, 0)
  const held = oldHeldMs === undefined ? '' : `, longest ${durationToken(oldHeldMs)}`
  const age = since === undefined ? '' : ` for ${durationToken(now - since)}`
  return [
    span(` deploy of ${others.length === 0 ? job : `${jobs.length} jobs`}${age} `, 'title'),
    span(bar(progress, 1, { width: 6, glyphs: look.glyphs }), 'busy'),
    span(` ${Math.round(progress * 100)}%, `),
    old === 0 ? span('old code holds none', 'good') : span(`old code holds ${runsText(old)}${held}`, 'warn'),
    span(`: ${versions.map(shareText).join(', ')}`),
    ...(others.length === 0 ? [] : [span(`  ${jobs.join(', ')}`, 'dim')]),
  ]
}

function shareText({ version, workers, draining, leftMs }: VersionShare): string {
  const left = leftMs === undefined ? '' : `, ${durationToken(leftMs)} left`
  const drains = draining === 0 ? '' : ` (${draining} draining${left})`
  return `v${version} on ${workers}${drains}`
}

function runsText(count: number): string {
  return count === 1 ? '1 run' : `${count} runs`
}

/** The details of the worker under the cursor. */
export function workerDetail(row: WorkerRow, props: ViewProps<WorkersData>): Lines {
  const [facts, held] = [factLines(row, props), heldLines(row, props)]
  // Of a lost worker what it holds matters, where there isn't room for all.
  return [...stateLines(row, props), ...(row.state === 'lost' ? [...held, ...facts] : [...facts, ...held])]
}

function stateLines({ event, worker, state, death }: WorkerRow, props: ViewProps<WorkersData>): Lines {
  const { now, size } = props
  if (state === 'draining' && worker?.drain !== undefined) {
    const { drain, running } = worker
    const sentence = wrap(drainSentence(drain, running), size.columns - 2)
    const plans = (drain.runs ?? [])
      .slice(0, maxPlans)
      .map((one) => `  ${one.run} ${drainPlanText(one, drain.leftMs)}`)
    return [...sentence, ...plans].map((line) => [span(` ${line}`, 'warn')])
  }
  if (event !== undefined) {
    const known = death === undefined ? [] : wrap(`what ended its task: ${death}`, size.columns - 2)
    return [
      [span(` ${eventSentence(event)} (${agoToken(event.at, now)})`, state === 'draining' ? 'warn' : 'bad')],
      ...known.map((line) => [span(` ${line}`)]),
    ]
  }
  if (state === 'draining')
    return [[span(' it claims no more runs, and stops when those in hand have ended', 'warn')]]
  if (state === 'lost') {
    const text = `its process is gone or its lease is over${worker?.running === 0 ? '' : takeOverText(props)}`
    return wrap(text, size.columns - 2).map((line) => [span(` ${line}`, 'bad')])
  }
  return []
}

/** What will happen to the runs that a lost worker holds. */
function takeOverText({ fleet }: ViewProps<WorkersData>): string {
  const { workers = [], cut = [] } = fleet.overview ?? {}
  const hasOthers = cut.includes('workers') || workers.some(({ lost }) => !lost)
  return hasOthers
    ? '; the next worker that claims takes its runs over'
    : '; no other worker is running to take its runs over, start one: durable-jobs work FILE'
}

function factLines({ worker, leads }: WorkerRow, { now, fleet }: ViewProps<WorkersData>): Lines {
  if (worker === undefined) return []
  const { host, pid, node, startedAt, seenAgoMs, leaseLeftMs } = worker
  const terms = fleet.overview?.leaders.filter((leader) => leader.worker === worker.name) ?? []
  const led = terms.map(({ role, term, since }) => `${role} for ${durationToken(now - since)} (term ${term})`)
  return [
    fieldLine(
      'process',
      `${pid} on ${host}, Node ${node.replace(/^v/, '')}, up ${durationToken(now - startedAt)}`,
    ),
    ...taskLines(worker),
    fieldLine('lease', `seen ${durationToken(seenAgoMs)} ago, ${durationToken(leaseLeftMs)} left`),
    ...(leads.length === 0 ? [] : [fieldLine('leads', led.join(', '))]),
    fieldLine('queues', workerQueuesText(worker)),
    fieldLine('jobs', workerJobsText(worker)),
  ]
}

function taskLines({ task, protection }: WorkerInfo): Lines {
  if (task === undefined) return []
  const { cluster, family, revision, service, zone, launchType, taskArn } = task
  const where = [launchType, zone].filter((one) => one !== undefined).join(' in ')
  const of = service === undefined ? '' : ` of service ${service}`
  // The metadata gives its name, or its ARN.
  const clusterName = cluster.slice(cluster.lastIndexOf('/') + 1)
  const own = `${taskIdOf(taskArn)}${of} in cluster ${clusterName}, ${family}:${revision}`
  return [
    fieldLine('task', where === '' ? own : `${own}, ${where}`),
    ...(protection === undefined ? [] : [protectionLine(protection)]),
  ]
}

function protectionLine({ mode, state, protectedForMs, sharesTask }: ProtectionInfo): readonly Span[] {
  const shared = sharesTask ? '; another live process works in this task, run one per task' : ''
  return fieldLine('protected', `${protectionText(mode, state, protectedForMs)}${shared}`)
}

function heldLines({ id, worker, state }: WorkerRow, { data, look, now }: ViewProps<WorkersData>): Lines {
  if (worker === undefined) return []
  if (data?.worker !== id) return [fieldLine('runs', span('reading', 'dim'))]
  if (data.held.length === 0) return [fieldLine('runs', span('none in hand', 'dim'))]
  const inStep = data.held.filter(hasOpenStep).length
  // A lost worker's last report of its steps is old.
  const cut =
    state === 'lost'
      ? ''
      : inStep === 0
        ? 'none has been in a step for more than a second'
        : `${inStep} in the middle of a step, which a stop that doesn't wait for its end makes run again`
  return [
    fieldLine(
      'runs',
      `${data.held.length}${data.isWhole ? '' : '+'} in hand`,
      span(cut === '' ? '' : `, ${cut}`, inStep === 0 ? 'dim' : 'warn'),
    ),
    ...data.held.map((run) => [
      span(`   ${run.id}  ${run.job} v${run.version}  `),
      span(stateText(run, look), stateTone(run)),
      span(` for ${durationToken(now - run.changedAt)}, ${situation(run, now)}`, 'dim'),
    ]),
  ]
}

function hasOpenStep(run: Run): boolean {
  return (run.state === 'running' || run.state === 'cancelling') && run.step !== undefined
}
