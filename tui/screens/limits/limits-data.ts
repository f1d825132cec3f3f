import type { Run } from '../../../runtime/model/run.ts'
import type { HeldKey } from '../../../runtime/store/held-keys.ts'
import type { LimiterInfo, LimiterKeyInfo } from '../../../runtime/store/limiters.ts'
import type { Inspector } from '../../../runtime/store/store.ts'
import type { LimitHolder, LimitWaiter } from '../../../runtime/store/waitlist.ts'
import type { ReadRequest } from '../screen.ts'

/** The data of Limits. */
export interface LimitsData {
  readonly limiters: readonly LimiterInfo[]
  /** By limiter, those with the longest waitlists first: a few of each, more of the one under the cursor. */
  readonly keys: ReadonlyMap<string, readonly LimiterKeyInfo[]>
  /** By limiter, when the first of its waiting runs began to wait: among the runs that have waited for anything for the longest. */
  readonly oldest: ReadonlyMap<string, number>
  /** All runs that wait were inspected for that. */
  readonly isWhole: boolean
  /** The row under the cursor that it was read for; left out: an empty list has the keys. */
  readonly row?: string
  /** The limiter under the cursor. */
  readonly current?: string
  /** Holders and waiters of one of its keys; left out: none is in use. */
  readonly users?: KeyUsers
  /** The unique keys that are held, where the list shows those. */
  readonly unique?: UniqueList
  /** It was the first read: no row was there yet to be under the cursor. */
  readonly isPartial: boolean
}

/** Holders and waiters of one key, as far as they are read. */
export interface KeyUsers {
  readonly limiter: string
  readonly key: string
  readonly holders: readonly LimitHolder[]
  readonly waiters: readonly LimitWaiter[]
  /** There are more of one or the other. */
  readonly isCut: boolean
}

interface UniqueList {
  readonly keys: readonly HeldKey[]
  /** There are more behind these. */
  readonly isCut: boolean
}

/** Of so many limiters the keys are read, those with waiters first. */
const maxLimiters = 30
const fewKeys = 3
const manyKeys = 50
const maxWaiting = 300
/** Of one key. */
const maxHolders = 50
const maxUniqueKeys = 1_000
const maxUniquePages = 5

type Reads = Pick<Inspector, 'limiters' | 'limiterKeys' | 'runs' | 'limitHolders' | 'waitlist' | 'heldKeys'>

type Request = Pick<ReadRequest, 'current'> & Partial<Pick<ReadRequest, 'own' | 'wanted'>>

/** A cursor that has moved only means another key to look into: the rest is not read for it. */
export async function loadLimits(
  inspector: Reads,
  { current: row, own, wanted = maxHolders }: Request,
  before: LimitsData | undefined,
): Promise<LimitsData> {
  if (own?.unique === true) return { ...noLimits, unique: await loadUnique(inspector, wanted) }
  // An empty list of users has no row; it is of the same key still.
  const current = row === undefined ? before?.current : limiterOf(row)
  const moved = before !== undefined && row !== undefined && row !== before.row
  const list = moved ? before : await loadList(inspector)
  const isPartial = before === undefined && list.limiters.length > 0
  if (current === undefined) return { ...list, isPartial }
  const under = keyUnder(row, before)
  const at = { isPartial: false, current, ...(row === undefined ? {} : { row }) }
  if (moved && isUsing(before, current, under)) return { ...before, ...at }
  const keys = await inspector.limiterKeys(current, manyKeys)
  const key = under ?? keys[0]?.key
  const { users: _, ...others } = list
  return {
    ...{ ...others, ...at, keys: new Map([...list.keys, [current, keys]]) },
    ...(key === undefined ? {} : { users: await loadUsers(inspector, current, key, wanted) }),
  }
}

const noLimits: LimitsData = {
  ...{ limiters: [], keys: new Map(), oldest: new Map(), isWhole: true, isPartial: false },
}

/** A row of the list of keys, or of who uses one, begins with its limiter, then its key. */
function limiterOf(row: string): string {
  return row.split('\0', 1)[0] ?? row
}

function keyUnder(row: string | undefined, before: LimitsData | undefined): string | undefined {
  return row === undefined ? before?.users?.key : row.split('\0')[1]
}

/** Whether the last read has the users of just this key. */
function isUsing({ users }: LimitsData, limiter: string, key: string | undefined): boolean {
  return users !== undefined && users.limiter === limiter && users.key === key
}

function oldestWaits(runs: readonly Run[]): ReadonlyMap<string, number> {
  const oldest = new Map<string, number>()
  for (const run of runs) {
    const limiter = waitsFor(run)
    if (limiter !== undefined)
      oldest.set(limiter, Math.min(run.changedAt, oldest.get(limiter) ?? run.changedAt))
  }
  return oldest
}

/** The limiter that a run waits for. */
function waitsFor(run: Run): string | undefined {
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
    ...{ limiters, keys: new Map(keys), isWhole: page.cursor === undefined, isPartial: false },
    oldest: oldestWaits(page.runs),
  }
}

async function loadUsers(inspector: Reads, limiter: string, key: string, wanted: number): Promise<KeyUsers> {
  const [held, waiting] = await Promise.all([
    inspector.limitHolders({ limiter, key, limit: maxHolders }),
    inspector.waitlist({ limiter, key, limit: Math.min(1_000, Math.max(1, wanted)) }),
  ])
  const isCut = held.cursor !== undefined || waiting.cursor !== undefined
  return { limiter, key, holders: held.holders, waiters: waiting.waiters, isCut }
}

async function loadUnique(inspector: Reads, wanted: number): Promise<UniqueList> {
  const most = Math.min(maxUniqueKeys, Math.max(1, wanted))
  const keys: HeldKey[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < maxUniquePages && keys.length < most; pages++) {
    const page = await inspector.heldKeys({ limit: most, ...(cursor === undefined ? {} : { cursor }) })
    keys.push(...page.keys)
    cursor = page.cursor
    if (cursor === undefined) break
  }
  return { keys, isCut: cursor !== undefined }
}
