import type { LimiterRule } from '../../../model/limiter.ts'
import {
  forgottenAt,
  opensInMs,
  room,
  type Usage,
  underRule,
  unused,
  usageAt,
  weight,
} from '../../limiter-math.ts'
import { reservationMs } from '../../limiters.ts'
import { maxPollMs } from '../../store.ts'
import type { Transaction } from '../transaction.ts'

/** One key of a limiter. */
export interface LimitKey {
  readonly limiter: string
  readonly key: string
}

/** The stored state of a key; a key without usage has no row. */
interface KeyState extends Usage {
  /** Weights of runs that were woken and have not taken yet (Q4). */
  readonly tickets: number
  /** When the first reservation was made: all lapse with it. */
  readonly ticketedAt: number
  readonly closedUntil: number
  readonly timerAt: number | null
}

interface KeyRow extends KeyState {
  readonly everyMs: number
}

const fresh: KeyState = { ...unused, tickets: 0, ticketedAt: 0, closedUntil: 0, timerAt: null }

/**
 * Returns the rule in force, the manual one before the code's; undefined while no worker has registered the limiter.
 */
export function ruleOf(tx: Transaction, limiter: string): LimiterRule | undefined {
  const row = tx.sql.get<{ rule: string; by_hand: string | null }>(
    'SELECT rule, by_hand FROM limiters WHERE name = ?',
    limiter,
  )
  if (row === undefined) return undefined
  const rule = JSON.parse(row.rule) as LimiterRule
  return row.by_hand === null
    ? rule
    : { ...rule, ...(JSON.parse(row.by_hand) as { numbers: object }).numbers }
}

export function readKey(tx: Transaction, rule: LimiterRule, { limiter, key }: LimitKey): KeyState {
  const state = peekKey(tx, rule, { limiter, key })
  if (rule.kind === 'slidingWindow') forgetStarts(tx, rule, { limiter, key })
  return state
}

/** As `readKey`, for reads outside a write. */
export function peekKey(tx: Transaction, rule: LimiterRule, { limiter, key }: LimitKey): KeyState {
  const row = tx.sql.get<KeyRow>(
    `SELECT used, at, tickets, ticketed_at AS ticketedAt, closed_until AS closedUntil, timer_at AS timerAt,
       every_ms AS everyMs
     FROM limit_keys WHERE limiter = ? AND key = ?`,
    limiter,
    key,
  )
  // Usage that begins now has no refill yet.
  if (row === undefined) return { ...fresh, ...usageAt(rule, fresh, tx.now) }
  if (rule.kind === 'slidingWindow') {
    const left = tx.sql.get<{ cost: number }>(
      'SELECT coalesce(sum(cost), 0) AS cost FROM limit_starts WHERE limiter = ? AND key = ? AND at > ?',
      limiter,
      key,
      tx.now - rule.everyMs,
    )
    return { ...row, used: left?.cost ?? 0 }
  }
  return { ...row, ...usageAt(rule, underRule(rule, { used: row.used, at: row.at }, row.everyMs), tx.now) }
}

/** Removes starts that have left the window; those of a clock that was ahead count from now. */
function forgetStarts(tx: Transaction, rule: LimiterRule, at: LimitKey): void {
  const { limiter, key } = at
  const which = 'limiter = ? AND key = ? AND'
  tx.sql.run(`DELETE FROM limit_starts WHERE ${which} at <= ?`, limiter, key, tx.now - rule.everyMs)
  const ahead = tx.sql.all<{ cost: number }>(
    `DELETE FROM limit_starts WHERE ${which} at > ? RETURNING cost`,
    limiter,
    key,
    tx.now,
  )
  if (ahead.length > 0)
    noteStart(
      tx,
      at,
      ahead.reduce((sum, { cost }) => sum + cost, 0),
    )
}

function writeKey(tx: Transaction, rule: LimiterRule, { limiter, key }: LimitKey, state: KeyState): void {
  const { used, at, tickets, ticketedAt, closedUntil, timerAt } = state
  const counts = used !== 0 || tickets !== 0 || closedUntil > tx.now || timerAt !== null
  if (!counts) {
    tx.sql.run('DELETE FROM limit_keys WHERE limiter = ? AND key = ?', limiter, key)
    return
  }
  const forget = Math.max(
    forgottenAt(rule, state) ?? Number.MAX_SAFE_INTEGER,
    closedUntil,
    ticketedAt + reservationMs,
  )
  tx.sql.run(
    'INSERT OR REPLACE INTO limit_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    limiter,
    key,
    used,
    at,
    tickets,
    ticketedAt,
    closedUntil,
    timerAt,
    rule.everyMs,
    forget,
  )
}

/**
 * Returns the ms until the key has room for `cost`, 0 if it has; undefined if only another run's release makes room.
 * `reserved`: the run was woken for it, so other runs' reservations do not keep it out.
 */
export function openingOf(
  tx: Transaction,
  rule: LimiterRule,
  at: LimitKey,
  want: { readonly cost: number; readonly reserved: boolean },
): number | undefined {
  const state = peekKey(tx, rule, at)
  if (state.closedUntil > tx.now) return state.closedUntil - tx.now
  const need = weight(rule, want.cost)
  const free = room(rule, state.used)
  if (free < need) {
    return rule.kind === 'slidingWindow'
      ? windowOpensInMs(tx, rule, at, need - free)
      : opensInMs(rule, state, need - free, tx.now)
  }
  const tickets = want.reserved ? 0 : reservationsOf(tx, state)
  // An unused reservation lapses by itself.
  return free - tickets >= need ? 0 : Math.max(1, state.ticketedAt + reservationMs - tx.now)
}

function reservationsOf(tx: Transaction, state: KeyState): number {
  return hasLapsed(tx, state.ticketedAt) ? 0 : state.tickets
}

/** A reservation made by a clock that was ahead has lapsed, too. */
export function hasLapsed(tx: Transaction, ticketedAt: number): boolean {
  return tx.now - ticketedAt >= reservationMs || tx.now < ticketedAt
}

function windowOpensInMs(
  tx: Transaction,
  rule: LimiterRule,
  { limiter, key }: LimitKey,
  missing: number,
): number {
  let freed = 0
  const starts = tx.sql.all<{ at: number; cost: number }>(
    'SELECT at, cost FROM limit_starts WHERE limiter = ? AND key = ? AND at > ? ORDER BY at LIMIT +?',
    limiter,
    key,
    tx.now - rule.everyMs,
    missing,
  )
  for (const { at, cost } of starts) {
    freed += cost
    // One of a clock that was ahead counts from now.
    if (freed >= missing) return Math.max(1, Math.min(at, tx.now) + rule.everyMs - tx.now)
  }
  return rule.everyMs
}

/** Takes `cost` without checking for room: the caller has checked. */
export function addUse(tx: Transaction, rule: LimiterRule, at: LimitKey, cost: number): void {
  const state = readKey(tx, rule, at)
  const used = state.used + weight(rule, cost)
  const since = rule.kind === 'fixedWindow' ? usageAt(rule, state, tx.now).at : Math.max(state.at, tx.now)
  if (rule.kind === 'slidingWindow') noteStart(tx, at, weight(rule, cost))
  writeKey(tx, rule, at, { ...state, used, at: since })
}

function noteStart(tx: Transaction, { limiter, key }: LimitKey, cost: number): void {
  tx.sql.run(
    `INSERT INTO limit_starts VALUES (?, ?, ?, ?)
     ON CONFLICT (limiter, key, at) DO UPDATE SET cost = cost + excluded.cost`,
    limiter,
    key,
    tx.now,
    cost,
  )
}

/** Adds to a key's usage, or frees it: slots, or the difference of a corrected cost. */
export function changeUse(tx: Transaction, rule: LimiterRule, at: LimitKey, by: number): void {
  const state = readKey(tx, rule, at)
  writeKey(tx, rule, at, { ...state, used: Math.max(0, state.used + by) })
}

/** Returns since when the reservations of the key count. */
export function changeReservations(tx: Transaction, rule: LimiterRule, at: LimitKey, by: number): number {
  const state = readKey(tx, rule, at)
  const counted = reservationsOf(tx, state)
  const ticketedAt = counted === 0 && by > 0 ? tx.now : state.ticketedAt
  writeKey(tx, rule, at, { ...state, tickets: Math.max(0, counted + by), ticketedAt })
  return ticketedAt
}

export function closeKey(tx: Transaction, rule: LimiterRule, at: LimitKey, ms: number): void {
  const state = readKey(tx, rule, at)
  writeKey(tx, rule, at, { ...state, closedUntil: Math.max(state.closedUntil, tx.now + ms) })
}

/**
 * Sets when the waitlist of the key is checked next without a change. Returns whether that is soon, and sooner than
 * before.
 */
export function setTimer(
  tx: Transaction,
  rule: LimiterRule,
  at: LimitKey,
  inMs: number | undefined,
): boolean {
  const state = readKey(tx, rule, at)
  const timerAt = inMs === undefined ? null : tx.now + inMs
  if (state.timerAt !== timerAt) writeKey(tx, rule, at, { ...state, timerAt })
  if (timerAt === null || inMs === undefined || inMs >= maxPollMs) return false
  return state.timerAt === null || timerAt < state.timerAt - 1
}

/** For a key whose limiter no worker knows. */
export function forgetTimer(tx: Transaction, { limiter, key }: LimitKey): void {
  tx.sql.run('UPDATE limit_keys SET timer_at = NULL WHERE limiter = ? AND key = ?', limiter, key)
}

/**
 * Marks all waitlists to be checked before the transaction ends, as far as the bound allows: which runs can be served
 * has changed.
 */
export function markAllWaitlists(tx: Transaction): void {
  lookAtLines(tx, 'SELECT DISTINCT limiter, key FROM limit_lines')
}

/** The same for one limiter's waitlists: its rule has changed. */
export function markWaitlistsOf(tx: Transaction, limiter: string): void {
  lookAtLines(tx, 'SELECT DISTINCT limiter, key FROM limit_lines WHERE limiter = ?', limiter)
}

function lookAtLines(tx: Transaction, which: string, ...values: string[]): void {
  tx.allWaitlistsChanged = true
  tx.sql.run(
    `INSERT INTO limit_keys SELECT limiter, key, 0, 0, 0, 0, 0, ?, 1, ? FROM (${which}) WHERE true
     ON CONFLICT (limiter, key) DO UPDATE SET timer_at = excluded.timer_at`,
    tx.now,
    tx.now,
    ...values,
  )
}

/** Returns when the earliest of all waitlists is to be checked. */
export function nextTimer(tx: Transaction): number | undefined {
  return tx.sql.get<{ timer_at: number }>(
    'SELECT timer_at FROM limit_keys WHERE timer_at IS NOT NULL ORDER BY timer_at LIMIT 1',
  )?.timer_at
}
