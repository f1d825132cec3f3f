import type { LimiterRule } from '../../../model/limiter.ts'
import type { RunId } from '../../../model/run-id.ts'
import { shownUse } from '../../limiter-math.ts'
import type { FirstInLine, LimiterInfo, LimiterKeyInfo, LinePlace } from '../../limiters.ts'
import type { BusyLimiter, overviewBounds } from '../../overview.ts'
import { type LimitKey, openingOf, peekKey, ruleOf } from '../limits/limit-key.ts'
import { type LimitHold, limitRequestOf, limitRequestsOf } from '../limits/limit-request.ts'
import { headOf } from '../limits/waitlist.ts'
import { findRun, type RunRow, runBySeq } from '../run-row.ts'
import { shownAt } from '../store-clock.ts'
import type { Transaction } from '../transaction.ts'
import type { ByHandRow } from './limiters.ts'

const maxHolders = 5

interface InfoRow {
  readonly name: string
  readonly rule: string
  readonly by_hand: string | null
  readonly keys: number
  readonly waiting: number
}

/** The counts of limiters; keys and waiters are counted up to a bound each, -1 for none. */
const selectInfos = `SELECT name, rule, by_hand,
    (SELECT count(*) FROM (SELECT 1 FROM limit_keys
      WHERE limiter = name AND (forget_at > ? OR timer_at IS NOT NULL) LIMIT +?)) AS keys,
    (SELECT count(*) FROM (SELECT 1 FROM limit_lines WHERE limiter = name LIMIT +?)) AS waiting
  FROM limiters`

export function inspectLimiters(tx: Transaction): LimiterInfo[] {
  const rows = tx.sql.all<InfoRow>(`${selectInfos} ORDER BY name`, tx.now, -1, -1)
  return rows.map((row) => limiterInfo(tx, row))
}

function limiterInfo(tx: Transaction, { name, rule: text, by_hand, keys, waiting }: InfoRow): LimiterInfo {
  const code = JSON.parse(text) as LimiterRule
  if (by_hand === null) return { name, rule: code, keys, waiting }
  const { numbers, at, ...write } = JSON.parse(by_hand) as ByHandRow
  const byHand = { ...write, at: shownAt(tx, at), code }
  return { name, rule: { ...code, ...numbers }, byHand, keys, waiting }
}

/** Returns limiters with waiters, and those with a closed key among a bounded number; and whether there may be more. */
export function inspectBusyLimiters(
  tx: Transaction,
  { limiters: most, scannedLimiterKeys, countedWaiters }: typeof overviewBounds,
): { readonly limiters: BusyLimiter[]; readonly more: boolean } {
  const closed = tx.sql.all<{ limiter: string; until: number }>(
    `SELECT limiter, max(closed_until) AS until FROM (SELECT limiter, closed_until FROM limit_keys LIMIT +?)
     WHERE closed_until > ? GROUP BY limiter`,
    scannedLimiterKeys,
    tx.now,
  )
  const closedUntil = new Map(closed.map(({ limiter, until }) => [limiter, until]))
  const names = [...new Set([...limitersWithWaiters(tx, most + 1), ...closedUntil.keys()])].slice(0, most + 1)
  const limiters: BusyLimiter[] = []
  let counted = 0
  let isCounted = true
  for (const name of names.slice(0, most).sort()) {
    const left = countedWaiters - counted
    const bounds = [tx.now, scannedLimiterKeys, left] as const
    const row = tx.sql.get<InfoRow>(`${selectInfos} WHERE name = ?`, ...bounds, name)
    if (row === undefined) continue
    counted += row.waiting
    isCounted &&= row.waiting < left || row.waiting === 0
    const until = closedUntil.get(name)
    limiters.push({
      ...limiterInfo(tx, row),
      ...(until === undefined ? {} : { closedMs: until - tx.now }),
    })
  }
  const keys = tx.sql.get<{ n: number }>(
    'SELECT count(*) AS n FROM (SELECT 1 FROM limit_keys LIMIT +?)',
    scannedLimiterKeys + 1,
  )
  return { limiters, more: !isCounted || names.length > most || (keys?.n ?? 0) > scannedLimiterKeys }
}

/** Jumps from one to the next by the index, for any length of the waitlists. */
function limitersWithWaiters(tx: Transaction, most: number): string[] {
  const names: string[] = []
  while (names.length < most) {
    const next = tx.sql.get<{ limiter: string | null }>(
      'SELECT min(limiter) AS limiter FROM limit_lines WHERE limiter > ?',
      names.at(-1) ?? '',
    )
    if (next?.limiter == null) break
    names.push(next.limiter)
  }
  return names
}

export function inspectLimiterKeys(tx: Transaction, limiter: string, limit: number): LimiterKeyInfo[] {
  const rule = ruleOf(tx, limiter)
  if (rule === undefined) return []
  const keys = tx.sql.all<{ key: string }>(
    `SELECT key, (SELECT count(*) FROM limit_lines WHERE limit_lines.limiter = limit_keys.limiter
       AND limit_lines.key = limit_keys.key) AS waiting
     FROM limit_keys WHERE limiter = ? AND (forget_at > ? OR timer_at IS NOT NULL) ORDER BY waiting DESC, key LIMIT +?`,
    limiter,
    tx.now,
    limit,
  )
  return keys.map(({ key }) => keyInfo(tx, rule, { limiter, key }))
}

function keyInfo(tx: Transaction, rule: LimiterRule, at: LimitKey): LimiterKeyInfo {
  const { limiter, key } = at
  const state = peekKey(tx, rule, at)
  const waiting = tx.sql.get<{ n: number }>(
    'SELECT count(*) AS n FROM limit_lines WHERE limiter = ? AND key = ?',
    limiter,
    key,
  )?.n
  const head = headOf(tx, at)
  const headRun = head && runBySeq(tx.sql, head.seq)
  const takes = (head && limitRequestOf(tx, head.seq, head.path)?.takes) ?? []
  const { cost } = takes.find((take) => take.limiter === limiter) ?? { cost: 1 }
  const opens = headRun === undefined ? undefined : openingOf(tx, rule, at, { cost, reserved: true })
  return {
    ...{ limiter, key, used: shownUse(rule, state.used), max: rule.max, waiting: waiting ?? 0 },
    ...(opens === undefined ? {} : { opensInMs: opens }),
    ...(state.closedUntil > tx.now ? { closedMs: state.closedUntil - tx.now } : {}),
    ...(headRun === undefined ? {} : { first: { run: headRun.id, ...waitingSince(tx, headRun) } }),
  }
}

function waitingSince(tx: Transaction, { state, changed_at }: RunRow): Partial<FirstInLine> {
  return state === 'waiting' ? { waitingSince: shownAt(tx, changed_at) } : {}
}

export function inspectLinePlaces(tx: Transaction, id: RunId): LinePlace[] {
  const run = findRun(tx.sql, id)
  if (run === undefined) return []
  return limitRequestsOf(tx, run.seq).flatMap((limitRequest) =>
    limitRequest.takes.flatMap((take, i) => {
      if (limitRequest.line !== i) return []
      return linePlace(tx, run, take, limitRequest.path)
    }),
  )
}

function linePlace(tx: Transaction, run: RunRow, take: LimitHold, path: string): LinePlace[] {
  const { limiter, key } = take
  const rule = ruleOf(tx, limiter)
  const ahead = tx.sql.get<{ n: number }>(
    `SELECT count(*) AS n FROM limit_lines WHERE limiter = ? AND key = ?
       AND (priority > ? OR (priority = ? AND (seq < ? OR (seq = ? AND path < ?))))`,
    limiter,
    key,
    run.priority,
    run.priority,
    run.seq,
    run.seq,
    path,
  )?.n
  const holders = tx.sql.all<{ id: RunId }>(
    `SELECT DISTINCT id FROM limit_holders JOIN runs ON runs.seq = limit_holders.seq
     WHERE limiter = ? AND key = ? ORDER BY id LIMIT ${maxHolders}`,
    limiter,
    key,
  )
  const info: LimiterKeyInfo =
    rule === undefined ? { limiter, key, used: 0, max: 0, waiting: 0 } : keyInfo(tx, rule, take)
  return [{ ...info, path, ahead: ahead ?? 0, holders: holders.map((holder) => holder.id) }]
}
