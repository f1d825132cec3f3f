import type { Run } from '../../runtime/model/run.ts'
import type { ExecutionInfo } from '../../runtime/store/executions.ts'
import type { HistoryEntry } from '../../runtime/store/store.ts'
import type { WaterfallInput } from './waterfall-input.ts'
import type { WaterfallSpan } from './waterfall-span.ts'

/**
 * Returns when a run waited for a worker, when one had it, when it paused, and its current state. If an earlier version
 * did not keep the run's executions, the first activity of a step shows that a worker had it again.
 * @param begins When spans of its steps began, in order.
 */
export function runSpans(
  { run, history, executions = [] }: Pick<WaterfallInput, 'run' | 'history' | 'executions'>,
  begins: readonly number[],
  to: number,
): WaterfallSpan[] {
  const current = currentSpan(run, to)
  const past =
    executions.length > 0
      ? executions.flatMap((execution, i) => executionSpans(execution, executions[i + 1], to))
      : queuedSpans(run, history, begins, to)
  return [...past, ...(current === undefined ? [] : [current])]
}

/** The wait before an execution, the execution itself if it has ended, and the pause after it up to the next one. */
function executionSpans(
  { claimedAt, waitedMs = 0, end }: ExecutionInfo,
  next: ExecutionInfo | undefined,
  to: number,
): WaterfallSpan[] {
  const queued: WaterfallSpan = { kind: 'queued', from: claimedAt - waitedMs, to: claimedAt }
  const spans: WaterfallSpan[] = [...(waitedMs > 0 ? [queued] : [])]
  if (end === undefined || claimedAt > to) return spans
  spans.push({ kind: 'held', from: claimedAt, to: Math.min(end.at, to) })
  const paused = next !== undefined && end.transition !== 'suspend' && end.until !== undefined
  // The waits of a suspended run are in the rows of its steps, and its current wait in `currentSpan`.
  if (paused) spans.push({ kind: 'pause', from: end.at, to: Math.min(end.until ?? end.at, next.claimedAt) })
  return spans
}

function queuedSpans(
  run: Run,
  history: readonly HistoryEntry[],
  begins: readonly number[],
  to: number,
): WaterfallSpan[] {
  const queuedFrom = [run.enqueuedAt, ...history.filter(endsExecution).map(({ at }) => at)].filter(
    (at) => at <= to,
  )
  const taken = claims(run, begins)
  return queuedFrom.flatMap((from, i): WaterfallSpan[] => {
    const next = queuedFrom[i + 1] ?? Number.POSITIVE_INFINITY
    const until = taken.find((at) => at >= from && at <= next)
    return until === undefined || until <= from ? [] : [{ kind: 'queued', from, to: Math.min(until, to) }]
  })
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

/** A step's wait is in the row of the step. */
function waitingSpan(
  { waitingFor: { kind, name } }: Extract<Run, { state: 'waiting' }>,
  from: number,
  to: number,
): WaterfallSpan | undefined {
  if (kind === 'limit')
    return { kind: 'limit', from, to, live: true, ...(name === undefined ? {} : { limiter: name }) }
  return name === undefined ? { kind: kind === 'time' ? 'sleep' : 'pause', from, to, live: true } : undefined
}
