import type { JournalOutline } from '../../runtime/model/journal.ts'
import { hasBody } from '../../runtime/model/step-kind.ts'
import type { StoredError } from '../../runtime/model/stored-error.ts'

/**
 * The kind of a stretch of a step's time.
 * - `done`, `retried`, `failed`: a try and its end; `retried` failed and another one follows
 * - `open`: a running try
 * - `broken`: an at-most-once try whose end is not stored
 * - `sleep`, `pause`: a deadline of the code, or before the next try
 * - `limit`: on the waitlist of a limiter
 * - `held up`: after its deadline, until the next try: waiting for a worker, a slot or a limiter; the store does not
 * say which
 */
export type StepSpanKind =
  | 'done'
  | 'retried'
  | 'failed'
  | 'open'
  | 'broken'
  | 'sleep'
  | 'pause'
  | 'limit'
  | 'held up'

export interface StepSpan {
  readonly kind: StepSpanKind
  readonly from: number
  readonly to: number
  /** It continues: it ends with the shown time. */
  readonly live?: true
  readonly attempt?: number
  readonly error?: StoredError
  /** Of a `limit`: the limiter. */
  readonly limiter?: string
}

/** A step's current wait, by its last entry. */
type Pending =
  | { readonly kind: 'sleep' | 'pause'; readonly from: number; readonly until: number }
  | { readonly kind: 'broken'; readonly from: number; readonly attempt: number }

/** A step's stored time so far, and its current wait. */
export interface StepTimes {
  readonly spans: readonly StepSpan[]
  readonly pending?: Pending
}

/**
 * Returns the spans in a step's journal entries. An entry is stored when a try ends and says how long the try took; the
 * time between two tries is the wait that the first of them stored, and being held up for the rest.
 * @param losses When the run lost a worker, oldest first.
 */
export function stepSpans(entries: readonly JournalOutline[], losses: readonly number[]): StepTimes {
  const spans: StepSpan[] = []
  let pending: Pending | undefined
  for (const entry of entries) {
    if (entry.phase === 'intent') {
      if (pending !== undefined) spans.push(...endPending(pending, entry.at, losses))
      pending = { kind: 'broken', from: entry.at, attempt: entry.attempt }
      continue
    }
    if (entry.phase === 'waiting') {
      pending = { kind: 'sleep', from: entry.at, until: entry.at + entry.pauseMs }
      continue
    }
    spans.push(...endedSpans(entry, pending, spans.at(-1)?.to, losses))
    pending =
      entry.phase === 'retrying'
        ? { kind: 'pause', from: entry.at, until: entry.at + entry.pauseMs }
        : undefined
  }
  return { spans, ...(pending === undefined ? {} : { pending }) }
}

type EndEntry = Extract<JournalOutline, { phase: 'done' | 'failed' | 'retrying' }>

function endedSpans(
  entry: EndEntry,
  pending: Pending | undefined,
  before: number | undefined,
  losses: readonly number[],
): StepSpan[] {
  const { at, attempt } = entry
  // A short wait stores its end alone.
  if (!hasBody(entry.kind)) {
    return pending === undefined ? [{ kind: 'sleep', from: at, to: at }] : endPending(pending, at, losses)
  }
  const earliest = Math.max(pending?.from ?? Number.NEGATIVE_INFINITY, before ?? Number.NEGATIVE_INFINITY)
  const from = Math.min(at, Math.max(at - entry.durationMs, earliest))
  const kinds = { done: 'done', failed: 'failed', retrying: 'retried' } as const
  const error = entry.phase === 'done' ? {} : { error: entry.error }
  const own = { kind: kinds[entry.phase], from, to: at, attempt, ...error }
  // The intent of this try is its begin, unless an interrupted try left it: then its end came from `onUnknown`.
  const isBegin = pending?.kind === 'broken' && !losses.some((loss) => loss > pending.from && loss < from)
  if (pending === undefined || isBegin) return [own]
  return [...endPending(pending, from, losses), own]
}

/** Returns what was pending, up to the begin of the next try. */
function endPending(pending: Pending, next: number, losses: readonly number[]): StepSpan[] {
  if (pending.kind === 'broken') {
    const { from, attempt } = pending
    const to = losses.find((loss) => loss > from && loss <= next) ?? next
    return [{ kind: 'broken', from, to, attempt }]
  }
  const { kind, from, until } = pending
  const due = Math.min(until, next)
  return [{ kind, from, to: due }, ...(next > due ? [{ kind: 'held up', from: due, to: next } as const] : [])]
}

/** Facts about a step besides its journal. */
export interface StepNow {
  /** The time that is shown, or the run's end. */
  readonly horizon: number
  /** The run has no end yet. */
  readonly alive: boolean
  /** When the worker that holds the run claimed it. */
  readonly heldSince?: number
  /** When its try that runs now began. */
  readonly openSince?: number
  /** The limiter that it waits for. */
  readonly limiter?: string
  readonly losses: readonly number[]
}

/** Returns all spans of a step, up to the time that is shown. @param start Where a wait without any entry before it began. */
export function spansUntilNow({ spans, pending }: StepTimes, now: StepNow, start: number): StepSpan[] {
  const { horizon, openSince, limiter, losses } = now
  const open = openSince === undefined ? undefined : Math.max(openSince, spans.at(-1)?.to ?? openSince)
  if (open !== undefined) {
    const before = pending === undefined || pending.kind === 'broken' ? [] : endPending(pending, open, losses)
    const from = pending?.kind === 'broken' ? pending.from : open
    return [...spans, ...before, live({ kind: 'open', from: Math.min(from, horizon), to: horizon })]
  }
  if (limiter !== undefined) {
    const from = Math.min(horizon, pending === undefined ? (spans.at(-1)?.to ?? start) : dueOf(pending))
    const before = pending === undefined ? [] : endPending(pending, from, losses)
    return [...spans, ...before, live({ kind: 'limit', from, to: horizon, limiter })]
  }
  return pending === undefined ? [...spans] : [...spans, ...pendingSpans(pending, now)]
}

function dueOf(pending: Pending): number {
  return pending.kind === 'broken' ? pending.from : pending.until
}

function pendingSpans(pending: Pending, { horizon, alive, heldSince, losses }: StepNow): StepSpan[] {
  if (pending.kind === 'broken') {
    const { from, attempt } = pending
    const runs = heldSince !== undefined && heldSince <= from
    if (runs) return [live({ kind: 'open', from, to: horizon, attempt })]
    return endPending(pending, losses.find((loss) => loss > from) ?? (alive ? from : horizon), losses)
  }
  const ended = endPending(pending, horizon, losses)
  const last = ended.at(-1)
  return alive && last !== undefined ? [...ended.slice(0, -1), live(last)] : ended
}

function live(span: StepSpan): StepSpan {
  return { ...span, live: true }
}
