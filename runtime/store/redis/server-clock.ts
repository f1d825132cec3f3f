import type { Clock } from '../../model/clock.ts'

/*
 * The store's time, which advances with elapsed time even if the server's clock is set.
 * SC1  Durations use the store's time: the server's TIME plus `clockOffset` of the namespace. Instants and ticks of
 *     schedules are compared with TIME itself. Stored times are shown by TIME as it is now.
 * SC2  Each connection computes from its own elapsed time what the store's time must be, and sends that with every call. A
 *     script that finds another time does nothing. The caller then asks for the time; if the round trip does not explain
 *     the difference, it reports the time that it expected: the offset changes, and the call is sent again.
 * SC3  No process compares its wall clock with the store's: only how far both advanced between two replies counts.
 * SC4  A client that slept or was frozen lost time itself. It reports no jump when its own clocks show that, and the
 *     store rejects a report of a jump ahead over a time in which scripts ran. A jump back has no other explanation.
 * SC5 A connection that has only read so far reports nothing. It keeps its reading and sends no expectation, until another
 *     client has reported the jump or it writes itself and reports it then.
 */

/** The error code of a script that SC2 refused, and what the last argument of a call begins with. */
export const clockRefusal = 'CLOCK'
export const expectationPrefix = 'clock:'
/** A call may be this late. Smaller jumps are followed, not recorded. */
export const noticedMs = 500

/** How far a reply may be off, beside its round trip. */
const toleratedMs = 250
/** How fast two sound clocks may drift apart: 200 ppm. */
const drift = 2e-4
/** After a call that was late though no clock jumped, calls carry no expectation for this long: more would be late. */
const lateMs = 10_000
/** A reading is renewed after this time, in the background. */
const freshMs = 60_000
/** How far off the uptime of a host may be. */
const uptimeErrorMs = 1_500

/** The reply of the scripts read-clock and record-jump. */
export interface ServerTime {
  /** The store's. */
  readonly now: number
  /** The server's clock. */
  readonly wall: number
  /** How many jumps were recorded. */
  readonly moves: number
}

/** This process's own clocks. */
export type OwnClocks = Pick<Clock, 'elapsed' | 'uptime'>

/** The store's time at one moment of this process, plus or minus `errorMs`. */
interface Reading {
  readonly time: ServerTime
  readonly at: { readonly elapsed: number; readonly uptime: number }
  readonly errorMs: number
}

interface Server {
  ask(): Promise<ServerTime>
  /** Reports the store's time according to this client. Resolves to the time that is then in force. */
  report(now: number, moves: number): Promise<ServerTime>
  /** Whether this connection writes (SC5). */
  mayReport(): boolean
}

/** Tracks the store's time for one connection. */
export class ServerClock {
  readonly #server: Server
  readonly #own: OwnClocks
  #reading: Reading | undefined
  #askedAt = 0
  #expectsFrom = 0
  /** There is a jump that it may not report. */
  #keepsQuiet = false
  #asking: Promise<void> | undefined

  constructor(server: Server, own: OwnClocks) {
    this.#server = server
    this.#own = own
  }

  /** Returns the last argument of a call. Renews the reading now and then, in the background. */
  expectation(): string {
    if (this.#reading === undefined) return expectationPrefix
    const now = this.#own.elapsed()
    if (now < this.#expectsFrom) return expectationPrefix
    if (now - this.#askedAt > freshMs) this.agree().catch(() => undefined)
    if (this.#keepsQuiet) return expectationPrefix
    return `${expectationPrefix}${Math.round(this.#expected(this.#reading, now))}`
  }

  /** Converts a stored time to the server's wall time, for display. */
  shown(at: number): number {
    const { now = 0, wall = 0 } = this.#reading?.time ?? {}
    return at - now + wall
  }

  /** Converts a result of `shown` back to the stored time. */
  stored(at: number): number {
    return at - this.shown(0)
  }

  /** Resolves to the store's time. */
  async now(): Promise<number> {
    await this.agree()
    return this.#reading === undefined ? 0 : Math.round(this.#expected(this.#reading, this.#own.elapsed()))
  }

  /** Finds out why a call was refused (SC2), and reports a jump. */
  async refused(): Promise<void> {
    const moves = this.#reading?.time.moves
    await this.agree()
    const explained = this.#keepsQuiet || this.#reading?.time.moves !== moves
    if (!explained) this.#expectsFrom = this.#own.elapsed() + lateMs
  }

  /** The connection writes from now on: reports a jump that it noticed before, if it did. */
  async mayReportNow(): Promise<void> {
    if (this.#keepsQuiet) await this.agree()
  }

  /** Asks for the time, and reports a jump of the server's clock if there was one. */
  agree(): Promise<void> {
    this.#asking ??= this.#agree().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #agree(): Promise<void> {
    const before = this.#own.elapsed()
    this.#askedAt = before
    const time = await this.#server.ask()
    const asked = this.#readingOf(time, before)
    const movedMs = this.#movedMs(asked)
    this.#keepsQuiet = movedMs !== 0 && !this.#server.mayReport()
    if (this.#keepsQuiet) return
    if (movedMs === 0) return this.#take(asked)
    const began = this.#own.elapsed()
    const known = Math.round(time.now - movedMs + began - asked.at.elapsed)
    this.#reading = this.#readingOf(await this.#server.report(known, time.moves), began)
  }

  /** Keeps the more precise reading: a slow reply is less precise than an older quick one. */
  #take(asked: Reading): void {
    const known = this.#reading
    if (known !== undefined) {
      const age = asked.at.elapsed - known.at.elapsed
      const better = asked.errorMs <= toleratedMs / 2 || asked.errorMs < known.errorMs + age * drift
      const moved = known.time.moves !== asked.time.moves
      if (!better && !moved && this.#beyond(known, asked) === 0) return
    }
    this.#reading = asked
  }

  #readingOf(time: ServerTime, before: number): Reading {
    const [elapsed, uptime] = [this.#own.elapsed(), this.#own.uptime()]
    const errorMs = (elapsed - before) / 2
    return { time, at: { elapsed: elapsed - errorMs, uptime: uptime - errorMs }, errorMs }
  }

  #expected({ time, at }: Reading, elapsed: number): number {
    return time.now + elapsed - at.elapsed
  }

  /** Returns by how much the reply is off, or 0 when round trip and drift explain it. */
  #beyond(known: Reading, asked: Reading): number {
    const difference = asked.time.now - this.#expected(known, asked.at.elapsed)
    return Math.abs(difference) > explainedMs(known, asked) ? difference : 0
  }

  /** Returns by how much the server's clock jumped, as far as this process can tell (SC4). */
  #movedMs(asked: Reading): number {
    const known = this.#reading
    // A client that saw the jumped time before it was recorded must not report the record as a jump back.
    if (known === undefined || known.time.moves !== asked.time.moves) return 0
    const beyondMs = this.#beyond(known, asked)
    if (beyondMs <= 0) return Math.round(beyondMs)
    const passed = asked.at.elapsed - known.at.elapsed
    const slept = asked.at.uptime - known.at.uptime - passed
    return slept > uptimeErrorMs ? 0 : Math.round(beyondMs)
  }
}

/** Returns how far two readings may differ although no clock jumped. */
function explainedMs(known: Reading, asked: Reading): number {
  const age = asked.at.elapsed - known.at.elapsed
  return asked.errorMs + known.errorMs + toleratedMs + Math.abs(age) * drift
}
