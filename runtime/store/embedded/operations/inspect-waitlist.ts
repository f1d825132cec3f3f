import {
  formatLimitCursor,
  type LimitHolder,
  type LimitHolderPage,
  type LimitKeyPosition,
  type LimitKeyQuery,
  type LimitWaiter,
  type LimitWaiterPage,
  type ParsedLimitKeyQuery,
  parseLimitKeyQuery,
} from '../../waitlist.ts'
import type { Sql } from '../database.ts'
import { limitRequestOf } from '../limits/limit-request.ts'
import type { WaitlistEntry } from '../limits/waitlist.ts'
import { type ReadPart, readParts } from '../read-parts.ts'
import { type RunRow, runBySeq } from '../run-row.ts'
import { shownAt } from '../store-clock.ts'
import type { Transaction } from '../transaction.ts'

type HolderEntry = Pick<WaitlistEntry, 'seq' | 'path'>

export function inspectLimitHolders(tx: Transaction, query: LimitKeyQuery): LimitHolderPage {
  const parsed = parseLimitKeyQuery(query)
  const entries = readHolders(tx.sql, parsed)
  const holders: LimitHolder[] = []
  let last: LimitKeyPosition | undefined
  for (const entry of entries.slice(0, parsed.limit)) {
    const run = runBySeq(tx.sql, entry.seq)
    last = { ...entry, run: run?.id ?? '', priority: 0, position: 0 }
    if (run !== undefined) holders.push(holderOf(tx, parsed, run, entry))
  }
  return { holders, ...cursorOf(parsed, last, entries) }
}

export function inspectWaitlist(tx: Transaction, query: LimitKeyQuery): LimitWaiterPage {
  const parsed = parseLimitKeyQuery(query)
  const entries = readWaiters(tx.sql, parsed)
  const waiters: LimitWaiter[] = []
  let last = parsed.after
  for (const entry of entries.slice(0, parsed.limit)) {
    const run = runBySeq(tx.sql, entry.seq)
    const position: number = (last?.position ?? 0) + 1
    last = { ...entry, run: run?.id ?? '', position }
    if (run !== undefined) waiters.push(waiterOf(tx, run, entry, position))
  }
  return { waiters, ...cursorOf(parsed, last, entries) }
}

function cursorOf(
  query: ParsedLimitKeyQuery,
  last: LimitKeyPosition | undefined,
  entries: readonly unknown[],
): { readonly cursor?: string } {
  return last === undefined || entries.length <= query.limit ? {} : { cursor: formatLimitCursor(query, last) }
}

function holderOf(
  tx: Transaction,
  { limiter, key }: ParsedLimitKeyQuery,
  run: RunRow,
  { path }: HolderEntry,
): LimitHolder {
  const take = limitRequestOf(tx, run.seq, path)?.takes.find(
    (one) => one.limiter === limiter && one.key === key && one.held !== undefined,
  )
  const worker =
    run.lease === null
      ? undefined
      : tx.sql.get<{ name: string }>('SELECT name FROM workers WHERE lease = ?', run.lease)
  return {
    ...{ run: run.id, job: run.job, queue: run.queue, state: run.state },
    ...{ path, held: take?.held ?? 0 },
    ...(take?.heldAt === undefined ? {} : { since: shownAt(tx, take.heldAt) }),
    ...(worker === undefined ? {} : { worker: worker.name }),
  }
}

function waiterOf(
  tx: Transaction,
  { seq, id, job, queue, state, changed_at }: RunRow,
  { path, priority }: WaitlistEntry,
  position: number,
): LimitWaiter {
  return {
    ...{ run: id, job, queue, state, path, position, priority },
    ...(state === 'waiting' ? { since: shownAt(tx, changed_at) } : {}),
    aged: limitRequestOf(tx, seq, path)?.senior === true,
  }
}

/** One more than the page holds, so that it is known whether there are more. */
function readHolders(sql: Sql, { limiter, key, limit, after }: ParsedLimitKeyQuery): HolderEntry[] {
  const parts: readonly ReadPart[] =
    after === undefined
      ? [['true']]
      : [
          ['seq = ? AND path > ?', after.seq, after.path],
          ['seq > ?', after.seq],
        ]
  return readParts(parts, limit + 1, (where, values, most) =>
    sql.all<HolderEntry>(
      `SELECT seq, path FROM limit_holders WHERE limiter = ? AND key = ? AND ${where} ORDER BY seq, path LIMIT +?`,
      ...[limiter, key, ...values, most],
    ),
  )
}

function readWaiters(sql: Sql, { limiter, key, limit, after }: ParsedLimitKeyQuery): WaitlistEntry[] {
  const parts: readonly ReadPart[] =
    after === undefined
      ? [['true']]
      : [
          ['priority = ? AND seq = ? AND path > ?', after.priority, after.seq, after.path],
          ['priority = ? AND seq > ?', after.priority, after.seq],
          ['priority < ?', after.priority],
        ]
  return readParts(parts, limit + 1, (where, values, most) =>
    sql.all<WaitlistEntry>(
      `SELECT seq, priority, path FROM limit_lines WHERE limiter = ? AND key = ? AND ${where}
       ORDER BY priority DESC, seq, path LIMIT +?`,
      ...[limiter, key, ...values, most],
    ),
  )
}
