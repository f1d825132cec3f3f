import type { OperationEvent, OperationName } from '../../store/events.ts'
import type { RunCount } from '../../store/run-filter.ts'
import { findUnservedRuns, type UnservedRuns, unservedText } from '../../store/unserved-runs-check.ts'
import { exactly, type FindingKind, type Since, unknownBefore } from '../finding-kind.ts'
import type { Snapshot } from '../snapshot.ts'
import { subjectOf } from '../subject-of.ts'
import { command } from '../texts.ts'
import { versionsOf } from '../version-starts.ts'

/**
 * Runs that no live worker can take, because of their job, version or queue. Not reported for a fleet that is larger
 * than an overview: the worker may be among the rest.
 */
export const unservedRuns: FindingKind = {
  kind: 'unserved',
  find: (snapshot) => {
    const { overview, classes } = snapshot
    const { counts, queues, workers, cut } = overview
    if (cut.includes('workers')) return []
    return findUnservedRuns(counts, classes, queues, workers).map((unserved) => {
      const { queue, job, version, why } = unserved
      const text = unservedText(unserved)
      return {
        subject: subjectOf(job, queue, ...(version === undefined ? [] : [String(version)])),
        severity: isReady(unserved, snapshot) ? 'critical' : 'notice',
        since: begin(unserved, snapshot),
        sentence: `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
        next: why === 'queue' ? command('work', 'FILE', '--queues', queue) : command('work', 'FILE'),
        filter: { job, queue, states: ['ready', 'waiting', 'scheduled'] },
        related: { worker: 'any', version: [job], leader: 'any' },
      }
    })
  },
}

function isReady({ queue, job }: UnservedRuns, { classes }: Snapshot): boolean {
  return classes.some((known) => known.queue === queue && known.job === job)
}

/**
 * Since the longest waiting run waits, or the queue's oldest ready run if the queue has ready runs of no other job; or
 * since the last worker with the job went, if that was later.
 */
function begin({ queue, job, version }: UnservedRuns, { overview, longestUnserved }: Snapshot): Since {
  const { now, counts, queues, operations } = overview
  if (version !== undefined) return unknownBefore(now)
  const isOther = (count: RunCount): boolean =>
    count.queue === queue && count.state === 'ready' && count.job !== job
  const age = counts.some(isOther) ? undefined : queues.find(({ name }) => name === queue)?.oldestReadyMs
  const sample = longestUnserved.find((one) => one.queue === queue && one.job === job)
  const from = sample?.since ?? (age === undefined ? undefined : now - age)
  if (from === undefined) return unknownBefore(now)
  return exactly(Math.max(from, lastWentAt(operations, job) ?? 0))
}

/** Returns when the last worker that had the job went, according to the log. */
function lastWentAt(operations: readonly OperationEvent[], job: string): number | undefined {
  const had = new Set(
    operations
      .filter(
        (event) => event.operation === 'worker joined' && versionsOf(event).some(([name]) => name === job),
      )
      .map(({ subject }) => subject),
  )
  const went = operations.filter(({ operation, subject }) => goings.has(operation) && had.has(subject))
  return went.at(-1)?.at
}

const goings: ReadonlySet<OperationName> = new Set(['worker left', 'worker lost', 'drain worker'])
