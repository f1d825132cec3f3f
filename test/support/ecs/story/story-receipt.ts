import type { Line } from '../../fleet/body-log.ts'
import { findViolations } from '../../fleet/violations.ts'
import type { FakeEcsEvent } from '../fake-ecs-event.ts'
import type { StopKind } from '../stop-cause.ts'
import { oncePaths } from './story-jobs.ts'
import type { StorySite } from './story-site.ts'

/** The result of a story, from the store, the event log of the workers, and the events of ECS. */
export interface StoryReceipt {
  readonly runs: number
  readonly completed: number
  /** Bodies started, and how many of them started again because their process was stopped or killed. */
  readonly bodies: number
  readonly repeatedBodies: number
  /** At-most-once bodies started, and cut ones, for which `onUnknown` was called. */
  readonly onceBodies: number
  readonly onceTwice: number
  readonly lookedUp: number
  readonly losses: number
  readonly stops: Readonly<Partial<Record<StopKind, number>>>
  /** SIGKILL after the stop timeout. */
  readonly kills: number
  /** Runs that were notified of the end of their protection. */
  readonly told: number
  /** Protected tasks that a scale-in or a deployment had to wait for. */
  readonly waitedFor: number
  /** Stops by the scheduler during work that needs protection, without a notice of its end. */
  readonly hits: readonly string[]
  /** The same with a notice: allowed, and rare. */
  readonly hitsOnceTold: number
  /** Every broken promise; includes `hits`. */
  readonly wrong: readonly string[]
}

type StopEvent = Extract<FakeEcsEvent, { readonly type: 'stop' }>

/** Draws the receipt up, once every run has ended. */
export async function drawUpReceipt(site: StorySite): Promise<StoryReceipt> {
  site.log.read()
  const { lines } = site.log
  const { history } = site.fake.events
  const ids = site.handles.map(({ id }) => id)
  const violations = await findViolations({ client: site.client, lines, crashes: crashes(site) }, ids)
  const statuses = await Promise.all(site.handles.map((handle) => handle.status()))
  const stops = history.filter((event) => event.type === 'stop')
  const starts = lines.filter(({ moment }) => moment === 'start')
  const once = starts.filter(({ path }) => oncePaths.has(path))
  const found = findHits(site, stops)
  const hits = found.filter(({ told }) => !told).map(({ text }) => text)
  return {
    runs: ids.length,
    completed: statuses.filter(({ state }) => state === 'completed').length,
    bodies: starts.length,
    repeatedBodies: starts.length - bodiesOf(starts),
    onceBodies: once.length,
    onceTwice: once.length - new Set(once.map(({ run, path }) => `${run} ${path}`)).size,
    lookedUp: lines.filter(({ moment }) => moment === 'asked').length,
    losses: statuses.reduce((sum, { losses }) => sum + losses, 0),
    stops: countBy(stops.map(({ cause }) => cause.kind)),
    kills: history.filter(({ type }) => type === 'kill').length,
    told: toldRuns(lines).size,
    waitedFor: maxHeld(history),
    hits,
    hitsOnceTold: found.filter(({ told }) => told).length,
    wrong: [...violations, ...hits, ...unfoundedRepeats(lines)],
  }
}

/** Each step and attempt, counted once. */
function bodiesOf(starts: readonly Line[]): number {
  return new Set(starts.map(({ run, path, attempt }) => `${run} ${path} ${attempt}`)).size
}

/** Tasks whose process ended otherwise than by exit code 0 or by a SIGKILL that is written down. */
function crashes(site: StorySite): readonly string[] {
  const killed = new Set(site.log.lines.filter(({ moment }) => moment === 'killed').map(({ pid }) => pid))
  return site.everyTask.flatMap((task) => {
    const { exitCode } = task.container()
    const isSound = exitCode === undefined || exitCode === 0 || killed.has(site.pidOf(task))
    return isSound
      ? []
      : [`task ${task.id} ended with exit code ${exitCode}: ${task.container().process.output.slice(-500)}`]
  })
}

interface Hit {
  readonly text: string
  /** Whether it was notified of the end of its protection. */
  readonly told: boolean
}

/**
 * Finds work that a scale-in or a deployment hit though it needs protection: a run with `protect` in its slot, or an
 * at-most-once body. ECS itself stops no protected task, so this shows that the workers requested protection in time, and
 * released none too early.
 */
function findHits(site: StorySite, stops: readonly StopEvent[]): readonly Hit[] {
  const covered = coveredTimes(site)
  const told = toldRuns(site.log.lines)
  return stops.flatMap(({ task, cause, at, protectedThen }) => {
    if (cause.kind !== 'scale-in' && cause.kind !== 'deployment') return []
    const pid = site.pidOf(task)
    const stopped = `${cause.kind} stopped task ${task.id}`
    const inside = covered.filter((time) => time.pid === pid && time.from < at && time.to > at)
    return [
      ...(protectedThen ? [{ text: `${stopped}, which was protected`, told: false }] : []),
      ...inside.map(({ run, what }) => ({
        text: `${stopped} inside ${what} of ${run}`,
        told: told.has(`${run} ${pid}`),
      })),
    ]
  })
}

interface CoveredTime {
  readonly run: string
  readonly pid: number
  readonly what: string
  readonly from: number
  readonly to: number
}

/** When each process had runs or bodies that need protection. */
function coveredTimes({ log, jobs }: StorySite): readonly CoveredTime[] {
  const open = new Map<string, Line>()
  const times: CoveredTime[] = []
  const close = (key: string, what: string, to: number): void => {
    const begun = open.get(key)
    if (begun === undefined) return
    open.delete(key)
    times.push({ run: begun.run, pid: begun.pid, what, from: begun.at, to })
  }
  for (const line of log.lines) {
    const slot = `${line.run} ${line.pid}`
    const body = `${slot} ${line.path}`
    if (line.moment === 'entered' && line.note === jobs.charge.name) open.set(slot, line)
    if (line.moment === 'settled') close(slot, 'a slot', line.at)
    if (line.moment === 'start' && oncePaths.has(line.path)) open.set(body, line)
    if (line.moment === 'end') close(body, line.path, line.at)
    if (line.moment !== 'killed') continue
    // Past its end nothing can hit a process.
    for (const [key, { pid }] of open) if (pid === line.pid) close(key, 'what was cut', line.at)
  }
  return times
}

/** Each as `run pid`: another process protects the run again. */
function toldRuns(lines: readonly Line[]): ReadonlySet<string> {
  const told = lines.filter(({ moment, note }) => moment === 'aborted' && note === 'protection lost')
  return new Set(told.map(({ run, pid }) => `${run} ${pid}`))
}

/** A body begins again only when the process of its earlier one was stopped or killed, or its run lost its protection. */
function unfoundedRepeats(lines: readonly Line[]): readonly string[] {
  const ended = new Set(
    lines.filter(({ moment }) => moment === 'killed' || moment === 'signalled').map(({ pid }) => pid),
  )
  const told = toldRuns(lines)
  const earlier = new Map<string, number>()
  return lines.flatMap(({ moment, run, path, attempt, pid }) => {
    if (moment !== 'start') return []
    const body = `${run} ${path} ${attempt}`
    const before = earlier.get(body)
    earlier.set(body, pid)
    const isFounded = before === undefined || ended.has(before) || told.has(`${run} ${before}`)
    return isFounded ? [] : [`${path} of ${run} began again in ${pid}, though ${before} was not stopped`]
  })
}

/** How many protected tasks the scheduler had to wait for at most, by the events of the service. */
function maxHeld(history: readonly FakeEcsEvent[]): number {
  const counts = history.map((event) => (event.type === 'service' ? (event.held ?? 0) : 0))
  return Math.max(0, ...counts)
}

function countBy(kinds: readonly StopKind[]): Readonly<Partial<Record<StopKind, number>>> {
  return Object.fromEntries([...Map.groupBy(kinds, (kind) => kind)].map(([kind, all]) => [kind, all.length]))
}
