import type { LimiterInfo, LimiterKeyInfo } from '../../../runtime/store/limiters.ts'
import type { RunFilter } from '../../../runtime/store/run-filter.ts'
import { currentOf } from '../../app/list-window.ts'
import type { Jump, Target } from '../../app/place.ts'
import { formatFilter } from '../../text/format-filter.ts'
import { hasWords } from '../../text/has-words.ts'
import { type SortValues, sortedBy } from '../../text/sorted-by.ts'
import type { Row, ScreenInput } from '../screen.ts'
import type { LimitsData } from './limits-data.ts'

export interface LimiterRow extends Row {
  readonly limiter: LimiterInfo
  /** Its fullest key, as far as its keys were read; left out: none is in use. */
  readonly fullest?: LimiterKeyInfo
  /** A provider asked for a pause of one of its keys. */
  readonly closedMs?: number
  /** For how long the first of its waiting runs has waited; left out: none is known. */
  readonly oldestMs?: number
}

export interface KeyRow extends Row {
  readonly key: LimiterKeyInfo
}

type Input = Pick<ScreenInput<LimitsData>, 'data' | 'place' | 'now' | 'fleet'>

/** Limiters with the longest waitlists first, then closed and full ones. */
export function limiterRows(input: Input): readonly LimiterRow[] {
  const { data, place, now, fleet } = input
  if (data === undefined) return []
  const busy = new Map((fleet.overview?.limiters ?? []).map((limiter) => [limiter.name, limiter]))
  const rows = data.limiters
    .map((limiter) => rowOf(limiter, data, busy.get(limiter.name)?.closedMs, now))
    .filter((row) => hasWords(textsOf(row), place.filter))
    .sort(
      (a, b) =>
        b.limiter.waiting - a.limiter.waiting ||
        (b.closedMs ?? 0) - (a.closedMs ?? 0) ||
        saturation(b.fullest) - saturation(a.fullest) ||
        (a.id < b.id ? -1 : 1),
    )
  return sortedBy(rows, place.sort, sortValues)
}

const sortValues: SortValues<LimiterRow> = {
  waiting: ({ limiter }) => limiter.waiting,
  used: ({ fullest }) => saturation(fullest),
  'oldest wait': ({ oldestMs }) => oldestMs,
  name: ({ id }) => id,
}

/** How full a key is, from 0 to 1. */
export function saturation(key: Pick<LimiterKeyInfo, 'used' | 'max'> | undefined): number {
  return key === undefined || key.max === 0 ? 0 : Math.min(1, key.used / key.max)
}

function textsOf({ id, limiter, closedMs, fullest }: LimiterRow): readonly string[] {
  const state = closedMs === undefined ? (saturation(fullest) >= 1 ? 'full' : 'open') : 'closed'
  return [id, limiter.rule.kind, state, limiter.byHand === undefined ? '' : `set by ${limiter.byHand.by}`]
}

function rowOf(
  limiter: LimiterInfo,
  data: LimitsData,
  busyClosedMs: number | undefined,
  now: number,
): LimiterRow {
  const { name } = limiter
  const keys = data.keys.get(name) ?? []
  const [fullest] = keys.toSorted((a, b) => saturation(b) - saturation(a))
  const oldest = data.oldest.get(name)
  const closed = [busyClosedMs, ...keys.map(({ closedMs }) => closedMs)].filter((ms) => ms !== undefined)
  return {
    ...{ id: name, limiter },
    ...(fullest === undefined ? {} : { fullest }),
    ...(closed.length === 0 ? {} : { closedMs: Math.max(...closed) }),
    ...(oldest === undefined ? {} : { oldestMs: now - oldest }),
    thing: { kind: 'limiter', id: name },
    target: waitersOf({ limiter: name }),
    get jumps() {
      return jumpsOf(data, name)
    },
  }
}

function waitersOf(filter: RunFilter): Target {
  return { screen: 'runs', filter: formatFilter({ filter }) }
}

const maxJumps = 3

/** The holders and the waiters of the key that was read. */
function jumpsOf({ users }: LimitsData, limiter: string, key?: string): readonly Jump[] {
  if (users === undefined || users.limiter !== limiter || (key ?? users.key) !== users.key) return []
  const holders = [...new Set(users.holders.map(({ run }) => run))].slice(0, maxJumps)
  const waiters = users.waiters.slice(0, maxJumps)
  const queues = [...new Set(waiters.map(({ queue }) => queue))]
  return [
    ...holders.map((id) => ({
      label: `run ${id}, which holds it`,
      target: { screen: 'run', subject: id } as const,
    })),
    ...waiters.map(({ run, job }) => ({
      label: `run ${run} of ${job}, which waits`,
      target: { screen: 'run', subject: run } as const,
    })),
    ...queues.map((queue) => ({
      label: `queue ${queue}`,
      target: { screen: 'queues', row: queue } as const,
    })),
  ]
}

/** The limiter that the cursor is on, whichever list has the keys. */
export function currentLimiter(input: Input): LimiterRow | undefined {
  return currentOf(limiterRows(input), input.place, 'limiters')
}

/** Keys of that limiter, the longest waitlists first. */
export function keyRows(input: Input): readonly KeyRow[] {
  const limiter = currentLimiter(input)
  const { data } = input
  if (limiter === undefined || data === undefined) return []
  return (data.keys.get(limiter.id) ?? []).map((key) => ({
    ...{ id: `${limiter.id}\0${key.key}`, key },
    target: waitersOf({ limiter: limiter.id, limitKey: key.key }),
    thing: { kind: 'limiter', id: limiter.id, key: key.key },
    get jumps() {
      return jumpsOf(data, limiter.id, key.key)
    },
  })) as readonly KeyRow[]
}
