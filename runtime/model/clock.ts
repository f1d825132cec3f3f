import { uptime } from 'node:os'

/** Cancels a timer. Calling it twice, or after the timer fired, does nothing. */
export type CancelTimer = () => void

/**
 * The only way a module reads time, sets a timer, yields to the event loop or generates randomness, so that a test (or
 * a simulation) can replace it.
 */
export interface Clock {
  /** Wall time in ms since the epoch. For display and for ids; never compared with a store's time. */
  now(): number
  /** Monotonic ms with an arbitrary origin. For differences. Stops while the host is suspended. */
  elapsed(): number
  /** Ms with an arbitrary origin, suspend included. Coarse: 10 ms on Linux, 1 s on macOS. */
  uptime(): number
  after(ms: number, run: () => void): CancelTimer
  /** Runs in a later macrotask, in the order of the calls. */
  soon(run: () => void): void
  /** Runs before the next macrotask, after everything that the current one has scheduled. */
  atMacrotaskEnd(run: () => void): void
  /** 0 <= n < 1 */
  random(): number
}

/** Longest delay that `setTimeout` takes; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  uptime: () => uptime() * 1_000,
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(Math.max(ms, 0), maxTimerMs))
    return () => clearTimeout(timer)
  },
  soon: (run) => void setImmediate(run),
  atMacrotaskEnd: (run) => process.nextTick(run),
  random: () => Math.random(),
}

/** Resolves to whether `work` settles within `ms`, without its rejection. Leaves no timer behind. */
export async function endsWithin(clock: Clock, work: Promise<unknown>, ms: number): Promise<boolean> {
  const over = new AbortController()
  const late = pause(clock, ms, over.signal).then(() => false)
  const ended = await Promise.race([work.then(() => true), late])
  over.abort()
  return ended
}

/**
 * Returns the ms before attempt `attempt` is repeated on a store that can't be reached: doubled up to 2 s, half of it
 * jitter.
 */
export function backoffMs(attempt: number, random: number): number {
  return Math.min(2_000, 10 * 2 ** Math.min(attempt, 10)) * (0.5 + random / 2)
}

/** Resolves after `ms`, or as soon as `signal` aborts. Never rejects. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = (): void => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    signal?.addEventListener('abort', end, { once: true })
  })
}
