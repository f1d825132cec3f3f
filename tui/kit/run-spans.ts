import type { Run } from '../../runtime/model/run.ts'
import type { HistoryEntry } from '../../runtime/store/store.ts'
import type { WaterfallSpan } from './waterfall-span.ts'

/**
 * Returns when a run waited for a worker, and where it is now. The store keeps its first claim, its last change of state and
 * what ended an execution; that a worker had it again in between is known by the first thing that a step did there.
 * @param begins When spans of its steps began, in order.
 */
export function runSpans(
  run: Run,
  history: readonly HistoryEntry[],
  begins: readonly number[],
  to: number,
): WaterfallSpan[] {
  const queuedFrom = [run.enqueuedAt, ...history.filter(endsExecution).map(({ at }) => at)].filter(
    (at) => at <= to,
  )
  const taken = claims(run, begins)
  const queued = queuedFrom.flatMap((from, i): WaterfallSpan[] => {
    const next = queuedFrom[i + 1] ?? Number.POSITIVE_INFINITY
    const until = taken.find((at) => at >= from && at <= next)
    return until === undefined || until <= from ? [] : [{ kind: 'queued', from, to: Math.min(until, to) }]
  })
  const current = currentSpan(run, to)
  return [...queued, ...(current === undefined ? [] : [current])]
}

/** After it the run is ready for a worker. */
function endsExecution({ kind }: HistoryEntry): boolean {
  return (
    kind === 'lost' || kind === 'released' || kind === 'retry' || kind === 'unblocked' || kind === 'repaired'
  )
}

function claims(run: Run, begins: readonly number[]): number[] {
  const held = 'worker' in run && run.state === 'running' ? [run.changedAt] : []
  const started = run.startedAt === undefined ? [] : [run.startedAt]
  return [...begins, ...held, ...started].sort((a, b) => a - b)
}

function currentSpan(run: Run, to: number): WaterfallSpan | undefined {
  const from = Math.min(run.changedAt, to)
  switch (run.state) {
    case 'scheduled':
    case 'ready':
      return { kind: 'queued', from, to, live: true }
    case 'running':
    case 'cancelling':
      return { kind: 'held', from, to, live: true }
    case 'blocked':
      return { kind: 'blocked', from, to, live: true }
    case 'waiting':
      return waitingSpan(run, from, to)
    default:
      return undefined
  }
}

/** What a step waits for is in the row of the step. */
function waitingSpan(
  { waitingFor: { kind, name } }: Extract<Run, { state: 'waiting' }>,
  from: number,
  to: number,
): WaterfallSpan | undefined {
  if (kind === 'limit')
    return { kind: 'limit', from, to, live: true, ...(name === undefined ? {} : { limiter: name }) }
  return name === undefined ? { kind: kind === 'time' ? 'sleep' : 'pause', from, to, live: true } : undefined
}
