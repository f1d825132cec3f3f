import type { BacklogStatistics } from './statistics.ts'

export interface BacklogTrend {
  /** How many runs the backlog gains per minute; negative while it shrinks. */
  readonly perMinute: number
  /** Ms until the backlog is gone at this pace; undefined unless it shrinks. */
  readonly drainsInMs?: number
}

/** A shorter time gives no reliable pace. */
const shortestMs = 60_000

/** Returns the mean pace from a sample to `at`, the time of the read; undefined while too little is known. */
export function backlogTrend(
  { now, before, beforeAt }: BacklogStatistics,
  at: number,
): BacklogTrend | undefined {
  if (before === undefined || beforeAt === undefined || at - beforeAt < shortestMs) return undefined
  const perMs = (now - before) / (at - beforeAt)
  const perMinute = perMs * 60_000
  return perMs < 0 && now > 0 ? { perMinute, drainsInMs: now / -perMs } : { perMinute }
}
