import type { AskingMode } from '../model/protection.ts'

/** The times of requesting, keeping and releasing a task's protection, in ms. */
export interface HolderRules {
  readonly mode: AskingMode
  /** The unit of ECS: `expiresInMinutes` times this is how long a protection lasts. */
  readonly minuteMs: number
  readonly periodMinutes: number
  /** The maximum of one stretch of protection, counted from its first confirmed call. */
  readonly maxTotalMs: number
  /** Protection with less left starts no run. */
  readonly marginMs: number
  /** How long protection is kept after its last user, at first. It doubles up to one period when the task flaps. */
  readonly holdMs: number
  readonly releaseEveryMs: number
  /** How long the task stays unprotected after a stretch that lasted half of `maxTotalMs`. */
  readonly restMs: number
  readonly minBackoffMs: number
  readonly maxBackoffMs: number
  /** Before the first retry; doubled before the second. */
  readonly retryMs: number
  /** When a call without a reply counts as lost, and until when it may still take effect. */
  readonly deadlineMs: number
  /** How long a run waits for a reply: a slot is kept free, an at-most-once step is delayed. */
  readonly waitMs: number
}

export interface HolderOptions {
  readonly mode: AskingMode
  readonly periodMinutes: number
  readonly maxTotalMs: number
  /** Other values than 60 s are for tests against a fake ECS. */
  readonly minuteMs: number
}

/** The most that the agent needs: it gives up on ECS after 4 s and writes its reply within 5 s. */
const deadlineMs = 6_000
const waitMs = 10_000

export function holderRules({ mode, periodMinutes, maxTotalMs, minuteMs }: HolderOptions): HolderRules {
  return {
    mode,
    minuteMs,
    periodMinutes,
    maxTotalMs,
    marginMs: minuteMs,
    holdMs: minuteMs,
    releaseEveryMs: minuteMs,
    restMs: minuteMs,
    minBackoffMs: minuteMs / 12,
    maxBackoffMs: minuteMs,
    retryMs: minuteMs / 60,
    // The duration of a call doesn't shrink with a test's minute.
    deadlineMs,
    waitMs,
  }
}
