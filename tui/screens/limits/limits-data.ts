import type { Run } from '../../../runtime/model/run.ts'
import type { LimiterInfo, LimiterKeyInfo, LinePlace } from '../../../runtime/store/limiters.ts'
import type { Inspector } from '../../../runtime/store/store.ts'
import type { ReadRequest } from '../screen.ts'

/** What Limits has read. */
export interface LimitsData {
  readonly limiters: readonly LimiterInfo[]
  /** By limiter, those with the longest waitlists first: a few of each, more of the one under the cursor. */
  readonly keys: ReadonlyMap<string, readonly LimiterKeyInfo[]>
  /** Runs that wait for a limit, among those that have waited for anything for the longest. */
  readonly waiting: readonly Run[]
  /** All runs that wait were inspected for that. */
  readonly isWhole: boolean
  /** Of the limiter under the cursor: where its longest waiting runs stand. */
  readonly places: readonly RunPlace[]
  readonly current?: string
  /** It was the first read: no row was there yet to be under the cursor. */
  readonly isPartial: boolean
}

export interface RunPlace {
  readonly run: Run
  readonly place: LinePlace
}

/** Of so many limiters the keys are read, those with waiters first. */
const maxLimiters = 30
const fewKeys = 3
const manyKeys = 50
const maxWaiting = 300
/** So many runs are asked where they stand. */
const maxPlaces = 8

type Reads = Pick<Inspector, 'limiters' | 'limiterKeys' | 'runs' | 'linePlaces'>

/** A cursor that has moved only means another limiter to look into: the rest is not read for it. */
export async function loadLimits(
  inspector: Reads,
  { current: row }: Pick<ReadRequest, 'current'>,
  before: LimitsData | undefined,
): Promise<LimitsData> {
  const current = row === undefined ? undefined : limiterOf(row)
  const moved = before !== undefined && current !== undefined && current !== before.current
  const list = moved ? before : await loadList(inspector)
  const isPartial = before === undefined && list.limiters.length > 0
  if (current === undefined) return { ...list, isPartial }
  const waiting = list.waiting.filter((run) => waitsFor(run) === current).slice(0, maxPlaces)
  const [keys, places] = await Promise.all([
    inspector.limiterKeys(current, manyKeys),
    Promise.all(waiting.map((run) => placesOf(inspector, run, current))),
  ])
  return {
    ...list,
    isPartial: false,
    current,
    keys: new Map([...list.keys, [current, keys]]),
    places: places.flat(),
  }
}

/** A row of the list of keys is of a limiter, too. */
function limiterOf(row: string): string {
  return row.split('\0', 1)[0] ?? row
}

/** The limiter that a run waits for. */
export function waitsFor(run: Run): string | undefined {
  return run.state === 'waiting' && run.waitingFor.kind === 'limit' ? run.waitingFor.name : undefined
}

async function loadList(inspector: Reads): Promise<LimitsData> {
  const [limiters, page] = await Promise.all([
    inspector.limiters(),
    inspector.runs({ states: ['waiting'], order: 'longest', limit: maxWaiting }),
  ])
  const used = limiters
    .filter((limiter) => limiter.keys > 0 || limiter.waiting > 0)
    .toSorted((a, b) => b.waiting - a.waiting)
    .slice(0, maxLimiters)
  const keys = await Promise.all(
    used.map(async ({ name }) => [name, await inspector.limiterKeys(name, fewKeys)] as const),
  )
  return {
    ...{ limiters, keys: new Map(keys), isWhole: page.cursor === undefined, places: [], isPartial: false },
    waiting: page.runs.filter((run) => waitsFor(run) !== undefined),
  }
}

async function placesOf(inspector: Reads, run: Run, limiter: string): Promise<readonly RunPlace[]> {
  const places = await inspector.linePlaces(run.id)
  return places.filter((place) => place.limiter === limiter).map((place) => ({ run, place }))
}
