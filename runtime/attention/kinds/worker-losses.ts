import { exactly, type FindingKind } from '../finding-kind.ts'
import { command, countOf, named } from '../texts.ts'

/** 15 minutes, as the sentence says. */
const recentMs = 900_000
/** This many losses are no accident: workers run out of memory, or a run kills them. */
const many = 3

/** Recently lost workers, as one finding: the names of their replacements are always new. */
export const workerLosses: FindingKind = {
  kind: 'worker-losses',
  find: ({ overview: { now, operations } }) => {
    const losses = operations.filter(
      ({ operation, at }) => operation === 'worker lost' && now - at <= recentMs,
    )
    const first = losses[0]
    if (first === undefined) return []
    const names = losses.map(({ subject = 'unknown' }) => subject)
    const runs = losses.reduce((sum, { count = 0 }) => sum + count, 0)
    return [
      {
        subject: 'fleet',
        severity: losses.length >= many ? 'warning' : 'notice',
        since: exactly(first.at),
        sentence:
          `${countOf(losses.length, 'worker')} (${named(names)}) ${losses.length === 1 ? 'was' : 'were'} lost ` +
          `in the last 15 minutes, with ${runs === 0 ? 'no run' : countOf(runs, 'run')} in ${losses.length === 1 ? 'its' : 'their'} slots.`,
        next: command('events', '--log', 'operations'),
        related: { version: 'any' },
      },
    ]
  },
}
