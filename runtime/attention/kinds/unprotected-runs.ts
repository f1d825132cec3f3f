import { protectionWaitText } from '../../describe/protection-wait.ts'
import { formatDuration } from '../../model/format-duration.ts'
import type { WorkerInfo } from '../../store/worker-info.ts'
import type { Severity } from '../finding.ts'
import { atLeast, exactly, type FindingKind, type Sighting } from '../finding-kind.ts'
import type { ReadySample, Snapshot } from '../snapshot.ts'
import { subjectOf } from '../subject-of.ts'
import { command, countOf } from '../texts.ts'
import { unprotectedCandidates } from '../unprotected-candidates.ts'

/**
 * A worker asks again 60 s after a refusal at the latest, and ECS has 10 s to reply: a longer condition doesn't clear
 * by itself.
 */
const settledMs = 70_000
/** A worker keeps a slot for a protected run for this long while it waits for ECS. */
const promptMs = 10_000

/**
 * Ready runs that need scale-in protection, while no worker that could take them gets it. Not reported for a fleet that
 * is larger than an overview: the worker may be among the rest.
 */
export const unprotectedRuns: FindingKind = {
  kind: 'unprotected',
  find: (snapshot) => snapshot.longestUnprotected.flatMap((sample) => toSighting(sample, snapshot)),
}

function toSighting({ queue, job, runs, complete }: ReadySample, { overview }: Snapshot): Sighting[] {
  const waiting = runs.flatMap((run) => {
    const candidates = unprotectedCandidates(run, overview)
    return candidates === undefined ? [] : [{ run, candidates }]
  })
  const [oldest] = waiting
  if (oldest === undefined) return []
  const { run, candidates } = oldest
  const readyMs = overview.now - run.changedAt
  const kept = candidates.filter(isKept)
  if (readyMs < settledMs || kept.length === 0) return []
  // The others could have asked for it by now, unless they have been busy.
  const others = candidates.filter((worker) => !isKept(worker))
  if (others.some(({ running, concurrency }) => running >= concurrency)) return []
  const isOne = complete && waiting.length === 1
  const count = complete ? countOf(waiting.length, 'run') : `At least ${countOf(waiting.length, 'run')}`
  return [
    {
      subject: subjectOf(job, queue),
      severity: severityOf(kept),
      // If a worker may be asking now, a second read decides.
      since: others.length === 0 ? exactly(run.changedAt) : atLeast(run.changedAt),
      sentence:
        `${count} of job '${job}' in queue '${queue}' ${isOne ? 'waits' : 'wait'} for a worker with scale-in protection, ` +
        `${isOne ? '' : 'the oldest '}for ${formatDuration(readyMs)}; ${protectionWaitText(candidates)}.`,
      next: command('explain', run.id),
      filter: { job, queue, states: ['ready'] },
      related: { worker: 'any', version: [job] },
    },
  ]
}

/** Returns whether a worker can't have protection now. */
function isKept({ protection, protectedRuns }: WorkerInfo): boolean {
  const state = protection?.state
  switch (state?.kind) {
    case undefined:
      return protectedRuns !== 'may ask'
    case 'refused':
    case 'closing':
    case 'resting':
      return true
    case 'asking':
      return state.forMs >= promptMs
    case 'idle':
    case 'held':
      return false
  }
}

/** By the workers that can't have it: which worker of a refused fleet may ask changes every second. */
function severityOf(kept: readonly WorkerInfo[]): Severity {
  const passes = ({ protection }: WorkerInfo): boolean => {
    const state = protection?.state
    if (state?.kind === 'refused') return state.code === 'DEPLOYMENT_BLOCKED'
    return state?.kind === 'closing' || state?.kind === 'resting'
  }
  return kept.some(passes) ? 'warning' : 'critical'
}
