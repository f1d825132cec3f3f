import { InvalidOptionsError } from './invalid-options-error.ts'

/** A stretch of real time in which a zone's clocks don't change. */
export interface Stretch {
  readonly from: number
  /** Where it ends, or how far it is known. */
  readonly until: number
  /** Whether the clocks change at `until`. */
  readonly changes: boolean
  /** Local time minus UTC, in ms. */
  readonly offsetMs: number
  /** Local times before this one had passed already when the clocks were set back at its begin. */
  readonly freshFrom: number
}

const dayMs = 86_400_000
/** The most that clocks were ever set back. */
const lookBackMs = 26 * 3_600_000
const knownAhead = 45
const retainedStretches = 16

/** The offsets of one zone of the IANA data base that this Node carries. All times in ms. */
export class TimeZone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat
  #stretches: Stretch[] = []

  /** @throws InvalidOptionsError for a name that this Node does not know. */
  constructor(name: string, option: string) {
    this.name = name
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
        ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
      })
    } catch (cause) {
      throw new InvalidOptionsError(
        `${option}: this Node knows no time zone '${String(name)}'; write a name such as 'Europe/Berlin' or 'UTC'`,
        { cause },
      )
    }
  }

  /** Returns what clocks there show at `instant`, as if they showed UTC. */
  localAt(instant: number): number {
    return instant + this.offsetAt(instant)
  }

  /** Exact to the second. */
  offsetAt(instant: number): number {
    const second = Math.floor(instant / 1000) * 1000
    const [month = 1, day = 1, year = 1970, hour = 0, minute = 0, s = 0] = this.#format
      .format(second)
      .split(/\D+/)
      .map(Number)
    return Date.UTC(year, month - 1, day, hour, minute, s) - second
  }

  /** Returns the stretch around `instant` and after it. */
  stretchAt(instant: number): Stretch {
    const known = this.#stretches.find(({ from, until }) => from <= instant && instant < until)
    if (known !== undefined) return known
    const made = this.#makeStretch(instant)
    this.#stretches = [made, ...this.#stretches.slice(0, retainedStretches - 1)]
    return made
  }

  #makeStretch(from: number): Stretch {
    const offsetMs = this.offsetAt(from)
    const before = this.offsetAt(from - lookBackMs)
    const put = before > offsetMs ? this.#changeBetween(from - lookBackMs, from) + before : -Infinity
    const stretch = { from, offsetMs, freshFrom: put }
    let until = from
    for (let day = 0; day < knownAhead; day++) {
      const next = until + dayMs
      if (this.offsetAt(next) !== offsetMs) {
        return { ...stretch, until: this.#changeBetween(until, next), changes: true }
      }
      until = next
    }
    return { ...stretch, until, changes: false }
  }

  /** Returns the first second of the new offset, between two instants of which only the first has the old one. */
  #changeBetween(old: number, changed: number): number {
    const offset = this.offsetAt(old)
    let [low, high] = [Math.floor(old / 1000), Math.floor(changed / 1000)]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (this.offsetAt(middle * 1000) === offset) low = middle
      else high = middle
    }
    return high * 1000
  }
}
