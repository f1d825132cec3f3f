/** The clocks of a host as one process reads them, all in ms. */
export interface HostClocks {
  /** Since the epoch; jumps when the clock is set. */
  wall(): number
  /** Arbitrary origin, fine and cheap; may stop while the host is suspended. */
  monotonic(): number
  /** Arbitrary origin, suspend included; may be coarse (1 s on macOS) and costs a system call. */
  uptime(): number
  /** Changes with each start of the host. */
  boot(): string
}

interface Reading {
  readonly wall: number
  readonly monotonic: number
  readonly uptime: number
  readonly boot: string
}

/** Smaller differences are noise of the clocks: they are followed, not recorded. */
const noticedMs = 250
/** How fast two sound clocks of a host may drift apart: 200 ppm. */
const drift = 2e-4
/** How far off `uptime` may be. */
const uptimeErrorMs = 1_500
const anchorAgeMs = 60_000
const anchorErrorMs = 50
/** Two clocks read within this time show the same moment. */
const togetherMs = 20
const maxAttempts = 10

/**
 * Detects that the host's wall clock was set, in a process that ran before and after it.
 * CW1  It compares with an anchor, not with the previous reading: several small jumps add up until they are noticed.
 * CW2  A suspended host is not a clock that was set: the wall then advanced as far as `uptime`. `uptime` is read only when
 *     the wall and the monotonic clock disagree, so an inspection costs two cheap calls.
 * CW3  It reports nothing of the time before it was created, and nothing across a boot.
 * CW4  Wall and monotonic clock are read together: a process that was stopped between the two reads them again.
 */
export class ClockWatch {
  readonly #clocks: HostClocks
  #anchor: Reading

  constructor(clocks: HostClocks) {
    this.#clocks = clocks
    this.#anchor = this.#read()
  }

  /** Starts over: jumps before now are settled. */
  restart(): void {
    this.#anchor = this.#read()
  }

  /** Returns the wall time, and by how much it jumped since the watch started: negative when it was set back. */
  look(): { readonly wall: number; readonly movedMs: number } {
    const { wall, monotonic } = this.#both()
    const passed = monotonic - this.#anchor.monotonic
    const shown = wall - this.#anchor.wall
    const difference = Math.abs(shown - passed)
    if (difference <= noticedMs + passed * drift) {
      if (passed > anchorAgeMs && difference < anchorErrorMs) this.restart()
      return { wall, movedMs: 0 }
    }
    return { wall, movedMs: this.#moved(shown, passed) }
  }

  #moved(shown: number, passed: number): number {
    const now = this.#read()
    if (now.boot !== this.#anchor.boot) {
      this.#anchor = now
      return 0
    }
    const up = now.uptime - this.#anchor.uptime
    if (up - passed <= uptimeErrorMs) return Math.round(shown - passed)
    if (Math.abs(shown - up) > uptimeErrorMs) return Math.round(shown - up)
    this.#anchor = now
    return 0
  }

  #read(): Reading {
    const { uptime, boot } = this.#clocks
    return { ...this.#both(), uptime: uptime(), boot: boot() }
  }

  /** CW4. */
  #both(): Pick<Reading, 'wall' | 'monotonic'> {
    for (let attempt = 1; ; attempt++) {
      const before = this.#clocks.monotonic()
      const wall = this.#clocks.wall()
      const monotonic = this.#clocks.monotonic()
      if (monotonic - before <= togetherMs || attempt === maxAttempts) return { wall, monotonic }
    }
  }
}
