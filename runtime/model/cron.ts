import { Cron } from 'croner'
import { InvalidOptionsError } from './invalid-options-error.ts'
import { localText, offsetText } from './local-text.ts'
import { type Stretch, TimeZone } from './time-zone.ts'

/*
 * When a cron pattern fires; all times in ms since 1970, ticks on whole seconds. croner parses the pattern (fields, L,
 * #, names); this file decides what local times mean when clocks change:
 * T1  A pattern with fixed hours fires once for each local time it names, every day. A time that the clocks skip fires
 * at the moment they skip it, several such times as one; a time that happens twice fires the first time.
 * T2  A pattern of every hour or every n-th (`*` in the hour field) fires at each real moment whose local time it
 * matches, including a repeated hour, and not in a skipped one.
 */

const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const maxPattern = 200
/** In 28 years each date falls on each weekday. */
const probedFrom = Date.UTC(2000, 0, 1)
const probedUntil = Date.UTC(2028, 0, 1)
const probedTicks = 1_000

/** One fire, so that a person can check a pattern. */
export interface CronFire {
  readonly at: Date
  /** Local time with its offset, `2026-03-29 03:00:00 +02:00`. */
  readonly local: string
  /** The effect of a clock change on it. */
  readonly clockChange?: string
}

interface Tick {
  readonly at: number
  /** The local time that the pattern names was skipped. */
  readonly skipped?: string
}

/** A parsed pattern in a zone. */
export class CronTicks {
  readonly cron: string
  readonly timeZone: string
  readonly #zone: TimeZone
  readonly #pattern: Cron
  /** Which of T1 and T2 applies. */
  readonly #fixedHours: boolean

  /**
   * @param option The name of the options in the error.
   * @throws InvalidOptionsError naming the wrong option
   */
  constructor(cron: string, timeZone: string, option: string) {
    const fields = fieldsOf(cron, option)
    this.cron = cron
    this.timeZone = timeZone
    this.#zone = new TimeZone(timeZone, `${option}: timeZone`)
    this.#fixedHours = !/^(\*|\?|0-23)(\/|$)/.test(fields.at(-4) ?? '')
    try {
      this.#pattern = new Cron(fields.join(' '), { utcOffset: 0, paused: true, mode: '5-or-6-parts' })
    } catch (cause) {
      const reason = (cause as Error).message.replace(/^CronPattern: /, '')
      throw new InvalidOptionsError(`${option}: cron '${cron}': ${reason}`, { cause })
    }
    if (this.#nextLocal(probedFrom) === undefined) {
      throw new InvalidOptionsError(`${option}: cron '${cron}' names no day that exists; it would never fire`)
    }
  }

  /** Returns the first tick after an instant. */
  next(after: number): number | undefined {
    return this.#next(after)?.at
  }

  /** Returns the ticks after `after` up to and including `until`, at most `most`. */
  *between(after: number, until: number, most: number): Generator<number> {
    let tick = this.next(after)
    for (let n = 0; n < most && tick !== undefined && tick <= until; n++) {
      yield tick
      tick = this.next(tick)
    }
  }

  /** Returns the last `n` ticks from `from` up to and including `until`, oldest first. */
  latest(n: number, from: number, until: number): number[] {
    // The window grows until it holds enough; sparse patterns cost a few more reads, dense ones none.
    for (let window = 60_000; ; window *= 4) {
      const start = Math.max(from - 1, until - window)
      const found = [...this.between(start, until, Number.POSITIVE_INFINITY)]
      if (found.length >= n || start < from) return found.slice(-n)
    }
  }

  /** Returns the shortest time between two consecutive ticks, of the first 1,000 from 2000 on. */
  shortestGapMs(): number {
    const ticks = [...this.between(probedFrom, probedUntil, probedTicks)]
    return Math.min(...ticks.slice(1).map((tick, i) => tick - (ticks[i] ?? tick)))
  }

  /** Returns the next `n` fires after an instant, with the effects of clock changes. */
  preview(after: number, n: number): CronFire[] {
    const fires: CronFire[] = []
    let offset = this.#zone.offsetAt(after)
    let tick = this.#next(after)
    for (let i = 0; i < n && tick !== undefined; i++) {
      const now = this.#zone.offsetAt(tick.at)
      const clockChange = this.#clockChange(tick, offset)
      const local = `${localText(this.#zone.localAt(tick.at))} ${offsetText(now)}`
      fires.push({ at: new Date(tick.at), local, ...(clockChange === undefined ? {} : { clockChange }) })
      offset = now
      tick = this.#next(tick.at)
    }
    return fires
  }

  #clockChange({ at, skipped }: Tick, before: number): string | undefined {
    const now = this.#zone.offsetAt(at)
    if (skipped !== undefined) return `${skipped} does not exist that day: fires when the clocks skip it`
    const twice = this.#comesTwice(at)
    if (twice !== undefined) return twice
    return now === before ? undefined : `clocks changed from ${offsetText(before)} to ${offsetText(now)}`
  }

  #comesTwice(at: number): string | undefined {
    const stretch = this.#zone.stretchAt(at)
    const local = at + stretch.offsetMs
    if (local < stretch.freshFrom) return 'this local time comes twice that day: the second time'
    if (!stretch.changes) return undefined
    const after = this.#zone.stretchAt(stretch.until)
    const again = local >= stretch.until + after.offsetMs && local < after.freshFrom
    return again ? 'this local time comes twice that day: the first time' : undefined
  }

  #next(after: number): Tick | undefined {
    let from = (Math.floor(after / 1000) + 1) * 1000
    for (;;) {
      const stretch = this.#zone.stretchAt(from)
      const start = from + stretch.offsetMs
      const local = this.#nextLocal((this.#fixedHours ? Math.max(start, stretch.freshFrom) : start) - 1000)
      if (local === undefined) return undefined
      if (local - stretch.offsetMs < stretch.until) return { at: local - stretch.offsetMs }
      if (stretch.changes && this.#fixedHours && this.#isSkipped(local, stretch)) {
        return { at: stretch.until, skipped: localText(local) }
      }
      from = stretch.until
    }
  }

  /** Returns whether the clocks skip a local time at the end of a stretch that did not reach it. */
  #isSkipped(local: number, stretch: Stretch): boolean {
    return local < stretch.until + this.#zone.stretchAt(stretch.until).offsetMs
  }

  /** Returns the first local time of the pattern after another one, as if clocks never changed. */
  #nextLocal(after: number): number | undefined {
    return this.#pattern.nextRun(new Date(after))?.getTime()
  }
}

function fieldsOf(cron: unknown, option: string): string[] {
  if (typeof cron !== 'string' || cron.length > maxPattern) {
    throw new InvalidOptionsError(`${option}: cron must be a pattern such as '0 3 * * *'`)
  }
  const fields = (nicknames[cron.trim().toLowerCase()] ?? cron).trim().split(/\s+/)
  if (fields.length === 5 || fields.length === 6) return fields
  throw new InvalidOptionsError(
    `${option}: cron '${cron}' must have 5 fields (minute hour day month weekday), 6 with seconds first, ` +
      `or be one of ${Object.keys(nicknames).join(' ')}`,
  )
}
