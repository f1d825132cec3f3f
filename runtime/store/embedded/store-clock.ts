import type { ClockJump } from '../clock-jumps-check.ts'
import { ClockWatch, type HostClocks } from '../clock-watch.ts'
import type { Sql } from './database.ts'
import { readSetting } from './settings.ts'

/*
 * The store's time, which advances with elapsed time even if the host's clock is set.
 * EC1  Durations (delays, pauses, timeouts, expiry, leases, terms, windows, retention) use the store's time: the wall
 *     time plus the offset of the newest row of `clock_jumps`. A jump of the wall and its row cancel each other out.
 * EC2  Instants (`at`, ticks of schedules) are compared with the wall. Stored times are shown by the wall as it is now.
 * EC3  Each process watches the clocks itself (clock-watch.ts), before each use of the time. A transaction that finds that
 *     the wall jumped uses the corrected time and writes the row. Another process that saw the same jump finds a row
 *     that it doesn't know, trusts it and restarts its watch. So each jump is written once.
 * EC4  A jump while no process ran looks like elapsed time, unless it went back behind the store's last sign of life: the
 *     store then continues from there.
 */

/** One moment, on both clocks. */
export interface Moment {
  /** The store's time: for durations. */
  readonly now: number
  /** The host's clock: for instants that people name and read. */
  readonly wall: number
}

/** A reading of the clocks, and by how much the wall jumped since the last row. */
export interface Look extends Moment {
  readonly movedMs: number
}

interface JumpRow {
  readonly n: number
  readonly offset_ms: number
}

const retainedJumps = 100
/** Sound clocks never put `seen_at` further ahead than this. */
const seenErrorMs = 1_000

/** Converts a stored time to wall time, for display (EC2). */
export function shownAt({ now, wall }: Moment, at: number): number {
  return at - now + wall
}

/** Converts an instant of the wall to the store's time. */
export function storeTimeOf({ now, wall }: Moment, at: number): number {
  return at - wall + now
}

function lastJump(sql: Sql): JumpRow | undefined {
  return sql.get<JumpRow>('SELECT n, offset_ms FROM clock_jumps ORDER BY n DESC LIMIT 1')
}

/** Reads the store's time in one process. */
export class StoreClock {
  readonly #sql: Sql
  readonly #watch: ClockWatch
  #known = 0
  #sawStore = false

  constructor(sql: Sql, clocks: HostClocks) {
    this.#sql = sql
    this.#watch = new ClockWatch(clocks)
  }

  look(): Look {
    const last = lastJump(this.#sql)
    const n = last?.n ?? 0
    if (n !== this.#known) this.#settled(n)
    const { wall, movedMs } = this.#watch.look()
    const now = wall + (last?.offset_ms ?? 0) - movedMs
    const behindMs = this.#sawStore ? 0 : behind(this.#sql, now)
    return { wall, now: now + behindMs, movedMs: movedMs - behindMs }
  }

  /** Writes the row of a jump. Returns its number, for `committed`. */
  record({ now, wall, movedMs }: Look): number {
    const n = (lastJump(this.#sql)?.n ?? 0) + 1
    this.#sql.run('INSERT INTO clock_jumps VALUES (?, ?, ?, ?)', n, wall, movedMs, now - wall)
    this.#sql.run('DELETE FROM clock_jumps WHERE n <= ?', n - retainedJumps)
    return n
  }

  /** Records that a transaction was committed, and which row it wrote, if any. */
  committed(n: number | undefined): void {
    this.#sawStore = true
    if (n !== undefined) this.#settled(n)
  }

  /** Newest first. */
  jumps(): ClockJump[] {
    return this.#sql.all<ClockJump>('SELECT at, moved_ms AS movedMs FROM clock_jumps ORDER BY n DESC')
  }

  #settled(n: number): void {
    this.#known = n
    this.#watch.restart()
  }
}

/** EC4. Returns by how much the store's last sign of life is ahead of `now`. */
function behind(sql: Sql, now: number): number {
  const seenAt = readSetting(sql, 'seen_at') ?? 0
  return seenAt - now > seenErrorMs ? seenAt - now : 0
}
