import type { JournalEntry } from '../../runtime/model/journal.ts'
import type { Run } from '../../runtime/model/run.ts'
import type { Inspector } from '../../runtime/store/store.ts'
import type { BodyLog, Moment, Sighting } from './body-log.ts'

interface Evidence {
  readonly run: Run
  readonly journal: readonly JournalEntry[]
  readonly sightings: readonly Sighting[]
}

/** Compares the store's state of runs that should have completed with the bodies that ran. Returns the violations. */
export async function findViolations(
  inspector: Inspector,
  bodyLog: BodyLog,
  ids: readonly string[],
  past: 'whole' | 'lost writes' = 'whole',
): Promise<readonly string[]> {
  const rules = past === 'whole' ? [...lastingRules, ...rulesOfWholePast] : lastingRules
  const byRun = Map.groupBy(bodyLog.seen, ({ run }) => run)
  const found = await Promise.all(
    ids.map(async (id) => {
      const run = await inspector.run(id)
      if (run === undefined) return [`${id}: lost`]
      const journal = await inspector.journal(id, { after: 0, limit: 10_000 })
      const evidence = { run, journal, sightings: byRun.get(id) ?? [] }
      return rules.flatMap((rule) => rule(evidence)).map((violation) => `${id}: ${violation}`)
    }),
  )
  return [...found.flat(), ...(await endedOnce(inspector, ids.length))]
}

type Rule = (evidence: Evidence) => readonly string[]

const lastingRules: readonly Rule[] = [completed, wellFormed, neverAgainOnceStored, trulyRun]
/** The checks that a store with lost writes can't pass: it knows nothing of the work stored meanwhile. */
const rulesOfWholePast: readonly Rule[] = [neverAgainOnceReleased, nothingLost, onceIsOnce, toldOnce]

function completed({ run }: Evidence): readonly string[] {
  return run.state === 'completed' ? [] : [`is ${run.state}`]
}

/** Positions 1, 2, 3 …, and one end per step. */
function wellFormed({ journal, run }: Evidence): readonly string[] {
  const gaps = journal.filter((entry, i) => entry.position !== i + 1)
  const ends = journal.filter(isEnd).map(({ path }) => path)
  const twice = ends.filter((path, i) => ends.indexOf(path) !== i)
  return [
    ...gaps.map(({ position }) => `position ${position} is out of order`),
    ...twice.map((path) => `step ${path} has two ends`),
    ...(run.position === journal.length ? [] : [`counts ${run.position} entries of ${journal.length}`]),
  ]
}

/**
 * By time: no body of an attempt begins after the store accepted the end of that attempt. A live worker that was
 * declared dead may begin one before it learns of that; it writes nothing.
 */
function neverAgainOnceStored({ run, journal, sightings }: Evidence): readonly string[] {
  if (run.losses > 0) return []
  return starts(sightings).flatMap(({ path, at, attempt = 1 }) => {
    const stored = journal.find(
      (entry) =>
        entry.path === path &&
        entry.at < at &&
        (isEnd(entry) || (entry.phase === 'retrying' && entry.attempt >= attempt)),
    )
    return stored === undefined ? [] : [`${path} began at ${at}, stored at ${stored.at}`]
  })
}

/** By order: no body of a step begins after the job's function continued with that step's end. */
function neverAgainOnceReleased({ run, sightings }: Evidence): readonly string[] {
  if (run.losses > 0) return []
  const released = new Set<string>()
  const found: string[] = []
  for (const { moment, path } of sightings) {
    if (moment === 'released') released.add(path)
    if (moment === 'start' && released.has(path)) found.push(`${path} began although its end was released`)
  }
  return found
}

/** No stored result comes from nowhere. */
function trulyRun({ journal, sightings }: Evidence): readonly string[] {
  const ran = pathsOf(['end', 'asked'], sightings)
  return storedPaths(journal)
    .filter((path) => !ran.has(path))
    .map((path) => `${path} is stored but never ran to its end`)
}

/** Every released step is stored. */
function nothingLost({ journal, sightings }: Evidence): readonly string[] {
  const stored = storedPaths(journal)
  const lacking = [...pathsOf(['released'], sightings)].filter((path) => !stored.includes(path))
  return lacking.map((path) => `${path} was released but is not stored`)
}

function onceIsOnce({ journal, sightings }: Evidence): readonly string[] {
  const once = new Set(journal.filter((entry) => entry.once).map(({ path }) => path))
  return [...once].flatMap((path) => {
    const count = starts(sightings).filter((one) => one.path === path).length
    return count <= 1 ? [] : [`the at-most-once step ${path} began ${count} times`]
  })
}

/** At most one worker gets the reply that it has completed the run. */
function toldOnce({ sightings }: Evidence): readonly string[] {
  const told = sightings.filter(
    ({ moment, outcome }) => moment === 'settled' && outcome === 'completed',
  ).length
  return told <= 1 ? [] : [`${told} stays completed it`]
}

/** The store counted as many ends as there are runs. */
async function endedOnce(inspector: Inspector, runs: number): Promise<readonly string[]> {
  const cells = await inspector.throughput(60)
  const ends = cells.reduce((sum, { counts }) => sum + (counts.complete ?? 0), 0)
  return ends === runs ? [] : [`${ends} ends of ${runs} runs`]
}

function storedPaths(journal: readonly JournalEntry[]): readonly string[] {
  return journal.filter((entry) => entry.kind === 'run' && isEnd(entry)).map(({ path }) => path)
}

function pathsOf(moments: readonly Moment[], sightings: readonly Sighting[]): ReadonlySet<string> {
  return new Set(sightings.filter(({ moment }) => moments.includes(moment)).map(({ path }) => path))
}

function starts(sightings: readonly Sighting[]): readonly Sighting[] {
  return sightings.filter(({ moment }) => moment === 'start')
}

function isEnd({ phase }: JournalEntry): boolean {
  return phase === 'done' || phase === 'failed'
}
