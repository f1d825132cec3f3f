import type { JournalEntry } from '../../../runtime/model/journal.ts'
import type { Run } from '../../../runtime/model/run.ts'
import type { HistoryEntry } from '../../../runtime/store/store.ts'
import type { Jobs } from '../../../sdk/index.ts'
import type { Line } from './body-log.ts'

/** The work done, and the worker. */
interface Scene {
  readonly client: Jobs
  readonly lines: readonly Line[]
  /** How worker processes ended that should not have. */
  readonly crashes: readonly string[]
}

/** A run as the store has it, and as the body log recorded it. */
interface Evidence {
  readonly run: Run
  readonly journal: readonly JournalEntry[]
  readonly history: readonly HistoryEntry[]
  readonly lines: readonly Line[]
  /** Processes that were killed. */
  readonly killed: ReadonlySet<number>
}

/**
 * Compares the store's state of runs that should have completed with the bodies that ran. Returns the violations.
 */
export async function findViolations(scene: Scene, ids: readonly string[]): Promise<readonly string[]> {
  const { inspector } = scene.client
  const { lines } = scene
  const killed = new Set(lines.filter(({ moment }) => moment === 'killed').map(({ pid }) => pid))
  const linesOf = Map.groupBy(lines, ({ run }) => run)
  const found = [...scene.crashes, ...liveInTwoPlaces(lines)]
  for (const id of ids) {
    const run = await inspector.run(id)
    if (run === undefined) {
      found.push(`${id}: lost`)
      continue
    }
    const journal = await inspector.journal(id, { after: 0, limit: 10_000 })
    const history = await inspector.history(id)
    const evidence = { run, journal, history, lines: linesOf.get(id) ?? [], killed }
    found.push(...rules.flatMap((rule) => rule(evidence)).map((violation) => `${id}: ${violation}`))
  }
  return found
}

type Rule = (evidence: Evidence) => readonly string[]

const rules: readonly Rule[] = [
  completed,
  wellFormed,
  neverAgainOnceStored,
  neverAgainOnceReleased,
  trulyRun,
  onceIsOnce,
  settledOnce,
  lostOnlyByDeath,
]

function completed({ run }: Evidence): readonly string[] {
  return run.state === 'completed' ? [] : [`is ${run.state}`]
}

/** Positions 1, 2, 3 …, and one end per step. */
function wellFormed({ journal }: Evidence): readonly string[] {
  const gaps = journal.filter((entry, i) => entry.position !== i + 1)
  const ends = journal.filter(isEnd).map(({ path }) => path)
  const twice = ends.filter((path, i) => ends.indexOf(path) !== i)
  return [
    ...gaps.map(({ position }) => `position ${position} is out of order`),
    ...twice.map((path) => `step ${path} has two ends`),
  ]
}

/** By time: no body of an attempt begins after the store accepted the end of that attempt. */
function neverAgainOnceStored({ journal, lines }: Evidence): readonly string[] {
  return starts(lines).flatMap(({ path, at, attempt = 1, pid }) => {
    const stored = journal.find(
      (entry) =>
        entry.path === path &&
        entry.at < at &&
        (isEnd(entry) || (entry.phase === 'retrying' && entry.attempt >= attempt)),
    )
    return stored === undefined ? [] : [`${path} began at ${at} in ${pid}, stored at ${stored.at}`]
  })
}

/** By order: no body of a step begins after the job's function continued with that step's end. */
function neverAgainOnceReleased({ lines }: Evidence): readonly string[] {
  return lines.flatMap(({ moment, path, pid }, i) => {
    const again =
      moment === 'start' && lines.slice(0, i).some((line) => line.moment === 'released' && line.path === path)
    return again ? [`${path} began in ${pid} although its end had been released`] : []
  })
}

/** No stored result comes from nowhere. */
function trulyRun({ journal, lines }: Evidence): readonly string[] {
  const ran = new Set(
    lines.filter(({ moment }) => moment === 'end' || moment === 'asked').map(({ path }) => path),
  )
  return journal
    .filter((entry) => entry.kind === 'run' && entry.phase === 'done' && !ran.has(entry.path))
    .map(({ path }) => `${path} is stored but never ran to its end`)
}

function onceIsOnce({ journal, lines }: Evidence): readonly string[] {
  const once = new Set(journal.filter((entry) => entry.once).map(({ path }) => path))
  return [...once].flatMap((path) => {
    const count = starts(lines).filter((line) => line.path === path).length
    return count <= 1 ? [] : [`the at-most-once step ${path} began ${count} times`]
  })
}

/** A run completes once: at most one worker gets that reply. */
function settledOnce({ lines }: Evidence): readonly string[] {
  const count = lines.filter(({ moment, note }) => moment === 'settled' && note === 'completed').length
  return count <= 1 ? [] : [`completed ${count} times`]
}

/** No worker takes a run from a live worker. A worker's name is `host:pid:random`. */
function lostOnlyByDeath({ run, history, killed }: Evidence): readonly string[] {
  const losses = history.filter(({ kind }) => kind === 'lost')
  const unfounded = losses.filter(({ worker = '' }) => !killed.has(Number(worker.split(':').at(-2))))
  return [
    ...unfounded.map(({ worker, reason }) => `was taken from ${worker}, which lived: ${reason}`),
    ...(run.losses === losses.length ? [] : [`counts ${run.losses} losses, its history ${losses.length}`]),
  ]
}

/** No body of a run begins while another process, not killed by then, is inside one of the same run. */
function liveInTwoPlaces(lines: readonly Line[]): string[] {
  const found: string[] = []
  const killed = new Set<number>()
  const open = new Map<string, Map<number, number>>()
  for (const { moment, run, path, pid } of lines) {
    if (moment === 'killed') killed.add(pid)
    if (moment !== 'start' && moment !== 'end') continue
    const bodies = open.get(run) ?? new Map<number, number>()
    open.set(run, bodies)
    const elsewhere = [...bodies].find(([other, count]) => other !== pid && count > 0 && !killed.has(other))
    if (moment === 'start' && elsewhere !== undefined) {
      found.push(`${run}: ${path} began in ${pid} while process ${elsewhere[0]} was inside a body of the run`)
    }
    bodies.set(pid, (bodies.get(pid) ?? 0) + (moment === 'start' ? 1 : -1))
  }
  return found
}

function starts(lines: readonly Line[]): readonly Line[] {
  return lines.filter(({ moment }) => moment === 'start')
}

function isEnd({ phase }: JournalEntry): boolean {
  return phase === 'done' || phase === 'failed'
}
