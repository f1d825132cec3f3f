import type { RunState } from '../../../model/run.ts'
import { maxHeldRuns, type RunPosition, type SearchStep } from '../../run-search.ts'
import type { Sql } from '../database.ts'
import { indexedBy, mergeStreams, type Reading, waitingByTime } from '../run-streams.ts'
import { type Candidate, inspectCandidates, type Place, readHead } from './fitting-runs.ts'

/*
 * Runs by the time in their state. They come from two sources: an index by time has waiting runs, and ready ones that
 * were in another state before; held runs are sorted here. Ready runs that are ready since their enqueue are as old as
 * their number says.
 */

interface Timed {
  readonly seq: number
  readonly at: number
}

/** The next runs of one source. An item without `at` is covered by the other source. */
interface Part {
  readonly items: readonly (Pick<Timed, 'seq'> & Partial<Timed>)[]
  /** Whether there are none after the last one. */
  readonly isAll: boolean
}

/** Held runs by time: as many as this host has slots. */
export function heldByTime({ sql, search: { filter, states } }: Place): readonly Timed[] {
  if (!states.includes('running') && !states.includes('cancelling')) return []
  const of = filter.worker === undefined ? '' : ' AND lease IN (SELECT lease FROM workers WHERE name = ?)'
  return sql.all<Timed & { seq: number }>(
    `SELECT seq, changed_at AS at FROM runs WHERE lease IS NOT NULL${of} ORDER BY changed_at, seq LIMIT ${maxHeldRuns}`,
    ...(filter.worker === undefined ? [] : [filter.worker]),
  )
}

/** `ready`: ready runs by number, possibly among others. */
export function inspectLongest(
  place: Place,
  { held, ready }: { readonly held: readonly Timed[]; readonly ready: Reading },
  from: RunPosition,
  bounds: { readonly atMost: number; readonly wanted: number },
): SearchStep {
  const { before } = place.times
  const timed = cut(nextByTime(place, held, from, bounds.atMost), before)
  const fresh = cut(nextFresh(place.sql, ready, from.fresh, bounds.atMost), before)
  return inspectCandidates(place, merged(timed, fresh), timed.isAll && fresh.isAll, { from, ...bounds })
}

/** All behind the first one that is too young are so as well. */
function cut({ items, isAll }: Part, before: number): Part {
  const end = items.findIndex(({ at }) => at !== undefined && at >= before)
  return end < 0 ? { items, isAll } : { items: items.slice(0, end), isAll: true }
}

/** Merges both in one order, as far as the next items are known. */
function* merged(timed: Part, fresh: Part): Generator<Candidate> {
  for (let [t, f] = [0, 0]; ; ) {
    const [byTime, byNumber] = [timed.items[t], fresh.items[f]]
    if (byTime === undefined && (!timed.isAll || byNumber === undefined)) return
    if (byNumber === undefined && !fresh.isAll) return
    if (byNumber !== undefined && (byNumber.at === undefined || comesFirst(byNumber, byTime))) {
      f++
      const { seq, at } = byNumber
      yield { position: { fresh: seq }, ...(at === undefined ? {} : { seq }) }
    } else if (byTime !== undefined) {
      t++
      yield { position: { seq: byTime.seq, at: byTime.at ?? 0 }, seq: byTime.seq }
    }
  }
}

function comesFirst(a: Part['items'][number], b: Part['items'][number] | undefined): boolean {
  if (b === undefined) return true
  const [at, other] = [a.at ?? 0, b.at ?? 0]
  return at < other || (at === other && a.seq < b.seq)
}

function nextFresh(sql: Sql, ready: Reading, from: number, atMost: number): Part {
  const { seqs, isAll } = mergeStreams(sql, ready, { from, atMost, newestFirst: false })
  const items = seqs.map((seq) => {
    const head = readHead(sql, seq)
    const isFresh = head?.state === 'ready' && head.changed_at === head.enqueued_at
    return isFresh ? { seq, at: head.changed_at } : { seq }
  })
  return { items, isAll }
}

function nextByTime(
  { sql, search: { states } }: Place,
  held: readonly Timed[],
  { at, seq }: RunPosition,
  atMost: number,
): Part {
  const rows = (state: RunState, limit: number, behind: string, ...values: number[]): Timed[] =>
    sql.all<Timed & { seq: number }>(
      `SELECT seq, changed_at AS at FROM runs ${indexedBy(sql, 'runs_waiting_times')}
       WHERE ${waitingByTime} AND state = ? AND ${behind} ORDER BY changed_at, seq LIMIT +?`,
      state,
      ...values,
      limit,
    )
  // As groupsBehind: for a pair SQLite seeks only by the first part.
  const read = (state: RunState): Timed[] => {
    if (!states.includes(state)) return []
    const sameTime = rows(state, atMost, 'changed_at = ? AND seq > ?', at, seq)
    return [...sameTime, ...rows(state, atMost - sameTime.length, 'changed_at > ?', at)]
  }
  const [waiting, again] = [read('waiting'), read('ready')]
  const others = held.filter((run) => comesFirst({ at, seq }, run)).slice(0, atMost)
  const all = [...waiting, ...again, ...others].sort((a, b) => a.at - b.at || a.seq - b.seq)
  const isAll = [waiting, again, others].every(({ length }) => length < atMost) && all.length <= atMost
  return { items: all.slice(0, atMost), isAll }
}
