import { durationToken } from '../../runtime/describe/duration-token.ts'
import { historySentence } from '../../runtime/describe/history-sentence.ts'
import type { JournalOutline } from '../../runtime/model/journal.ts'
import { isEnd, type Run, type RunState } from '../../runtime/model/run.ts'
import type { StepKind } from '../../runtime/model/step-kind.ts'
import type { StepPath } from '../../runtime/model/step-path.ts'
import type { HistoryEntry } from '../../runtime/store/store.ts'
import { runSpans } from './run-spans.ts'
import { type StepSpan, spansUntilNow, stepSpans } from './step-spans.ts'
import { scopesOf, stepTree, type TreeRow } from './step-tree.ts'
import type { WaterfallInput } from './waterfall-input.ts'
import type { WaterfallSpan } from './waterfall-span.ts'

/*
 * A run on one time axis: the activity and the waits of each of its steps.
 * W1  All times are the store's. The axis ends with the run's end, or now.
 * W2  A span is stored data; time without data stays empty.
 */

/** An event of the run besides its steps. */
export interface WaterfallMark {
  readonly at: number
  readonly kind: HistoryEntry['kind']
  readonly sentence: string
}

export interface WaterfallRow {
  readonly kind: 'run' | TreeRow['kind']
  /** '' for the run. */
  readonly path: StepPath
  readonly depth: number
  readonly label: string
  readonly spans: readonly WaterfallSpan[]
  /** Of the run, and of a step those that happened while it was under way. */
  readonly marks: readonly WaterfallMark[]
  readonly stepKind?: StepKind
  /** Left out of what has not ended, and of a run that was cancelled or has expired. */
  readonly end?: 'done' | 'failed'
  readonly tries: number
  /** Of the last try, the sleep or the wait; of a scope from its first step to its last. */
  readonly tookMs: number
  readonly atMostOnce?: true
  /** The code no longer calls it. */
  readonly orphan?: true
}

export interface WaterfallModel {
  readonly from: number
  readonly to: number
  readonly live: boolean
  readonly rows: readonly WaterfallRow[]
  /** Oldest first. */
  readonly marks: readonly WaterfallMark[]
}

export function waterfallModel(input: WaterfallInput): WaterfallModel {
  const { run, history, now } = input
  const to = Math.max(run.enqueuedAt, isEnd(run.state) && 'endedAt' in run ? run.endedAt : now)
  const marks = history.filter(({ at }) => at <= to).map((entry) => toMark(entry, input))
  const steps = stepsOf(input, to, marks)
  const scopes = scopeSpans(steps)
  const tree = stepTree(steps.keys()).map((row) => toRow(row, steps, scopes))
  const own = runRow(input, tree, to)
  return { from: run.enqueuedAt, to, live: !isEnd(run.state), rows: [{ ...own, marks }, ...tree], marks }
}

/** Leaves out what is inside the scopes that are folded. */
export function foldScopes(model: WaterfallModel, folded: ReadonlySet<StepPath>): WaterfallModel {
  if (folded.size === 0) return model
  const isShown = ({ path }: WaterfallRow): boolean => !scopesOf(path).some((scope) => folded.has(scope))
  return { ...model, rows: model.rows.filter(isShown) }
}

/** Extends open spans until `now`, without another read. */
export function advanceRows(rows: readonly WaterfallRow[], now: number): readonly WaterfallRow[] {
  return rows.map((row) => advanceRow(row, now))
}

function advanceRow(row: WaterfallRow, now: number): WaterfallRow {
  const grown = row.spans.findLast(({ live }) => live === true)
  if (row.kind !== 'run' && grown === undefined) return row
  const spans = row.spans.map((span) => (span.live === true ? { ...span, to: now } : span))
  return { ...row, spans, tookMs: row.tookMs + now - (grown?.to ?? now) }
}

function toMark(entry: HistoryEntry, input: WaterfallInput): WaterfallMark {
  const { at, kind } = entry
  const isMove = kind === 'lost' || kind === 'released'
  const sentence = `${historySentence(entry)}${isMove ? movedText(entry, input) : ''}`
  return { at, kind, sentence }
}

/** Returns where the run was next. */
function movedText(entry: HistoryEntry, { history, executions = [], run }: WaterfallInput): string {
  const following = executions.findIndex(({ claimedAt }) => claimedAt >= entry.at)
  const [before, found] = [executions[following - 1], executions[following]]
  // Of many executions those in the middle are not kept (X3): then the next worker is unknown.
  const next = before !== undefined && before.n + 1 === found?.n ? found : undefined
  if (next?.worker !== undefined)
    return `; next on ${next.worker}, ${durationToken(next.claimedAt - entry.at)} later`
  return executions.length > 0 ? '' : movedByHistory(entry, history, run)
}

/** According to earlier reads: an execution that was suspended has no worker in the store. */
function movedByHistory(entry: HistoryEntry, history: readonly HistoryEntry[], run: Run): string {
  const after = history.slice(history.indexOf(entry) + 1)
  const next = after.find(({ kind }) => kind === 'lost' || kind === 'released' || kind === 'blocked')?.worker
  if (next !== undefined) return `; later on ${next}`
  return 'worker' in run ? `; now on ${run.worker}` : ''
}

type StepRow = Omit<WaterfallRow, 'kind' | 'path' | 'depth' | 'label'>

/** The steps by path, in the order in which each was stored first; then those without stored entries. */
function stepsOf(input: WaterfallInput, to: number, marks: readonly WaterfallMark[]): Map<StepPath, StepRow> {
  const { run, journal, places = [] } = input
  const entries = Map.groupBy(journal, ({ path }) => path)
  const open = openStep(input, [...entries.keys()])
  const waits = new Map(places.filter(({ path }) => path !== '').map(({ path, limiter }) => [path, limiter]))
  const paths = new Set([...entries.keys(), ...waits.keys(), ...(open === undefined ? [] : [open.path])])
  const losses = marks.filter(({ kind }) => kind === 'lost').map(({ at }) => at)
  const orphans = new Set(run.orphans)
  const alive = !isEnd(run.state)
  const held = 'worker' in run ? { heldSince: run.changedAt } : {}
  const steps = new Map<StepPath, StepRow>()
  for (const path of paths) {
    const of = entries.get(path) ?? []
    const limiter = waits.get(path)
    const now = {
      ...{ horizon: to, alive, losses, ...held },
      ...(limiter === undefined ? {} : { limiter }),
      ...(open?.path === path ? { openSince: open.since } : {}),
    }
    const spans = spansUntilNow(stepSpans(of, losses), now, lastStored(journal, run))
    const isOrphan = of.some(({ position }) => orphans.has(position))
    steps.set(path, { ...stepRow(of, spans, marks), ...(isOrphan ? { orphan: true } : {}) })
  }
  return steps
}

function stepRow(
  of: readonly JournalOutline[],
  spans: readonly StepSpan[],
  marks: readonly WaterfallMark[],
): StepRow {
  const last = spans.at(-1)
  const from = spans[0]?.from ?? 0
  const to = last?.to ?? 0
  const openTry = last?.kind === 'open' && last.attempt === undefined ? 1 : 0
  const kind = of[0]?.kind
  const sleep = spans.findLast((span) => span.kind === 'sleep')?.from
  const phase = of.at(-1)?.phase
  return {
    spans,
    marks: marks.filter(({ at }) => from < at && at < to),
    ...(kind === undefined ? {} : { stepKind: kind }),
    ...(phase === 'done' || phase === 'failed' ? { end: phase } : {}),
    tries: (of.at(-1)?.attempt ?? 0) + openTry,
    tookMs: to - (sleep ?? last?.from ?? to),
    ...(of.some(({ once }) => once === true) ? { atMostOnce: true } : {}),
  }
}

/** A wait without a stored entry began at the earliest when the run last stored something, or was claimed. */
function lastStored(journal: readonly JournalOutline[], run: Run): number {
  return Math.max(journal.at(-1)?.at ?? run.enqueuedAt, run.startedAt ?? run.enqueuedAt)
}

/** Bytes at which a store cuts the path of an open step, less a character that it may have cut off. */
const cutPathBytes = 117

function openStep(
  { run, now, readAt = now }: WaterfallInput,
  known: readonly StepPath[],
): { readonly path: StepPath; readonly since: number } | undefined {
  if (!('step' in run) || run.step === undefined) return undefined
  const { path, openMs, toldAgoMs } = run.step
  const isCut = Buffer.byteLength(path) >= cutPathBytes
  const whole = isCut ? known.filter((other) => other.startsWith(path)) : []
  return {
    path: whole.length === 1 && whole[0] !== undefined ? whole[0] : path,
    since: readAt - toldAgoMs - openMs,
  }
}

function toRow(
  row: TreeRow,
  steps: ReadonlyMap<StepPath, StepRow>,
  scopes: ReadonlyMap<StepPath, WaterfallSpan>,
): WaterfallRow {
  const step = row.kind === 'step' ? steps.get(row.path) : undefined
  if (step !== undefined) return { ...row, ...step }
  const span = scopes.get(row.path)
  const spans = span === undefined ? [] : [span]
  return { ...row, spans, marks: [], tries: 0, tookMs: span === undefined ? 0 : span.to - span.from }
}

/** From the first to the last of what is inside, by scope. */
function scopeSpans(steps: ReadonlyMap<StepPath, StepRow>): Map<StepPath, WaterfallSpan> {
  const scopes = new Map<StepPath, WaterfallSpan>()
  for (const [path, { spans }] of steps) {
    const [first, last] = [spans[0], spans.at(-1)]
    if (first === undefined || last === undefined) continue
    for (const scope of scopesOf(path)) {
      const { from, to, live = last.live } = scopes.get(scope) ?? first
      const whole = { kind: 'steps', from: Math.min(from, first.from), to: Math.max(to, last.to) } as const
      scopes.set(scope, live === true || last.live === true ? { ...whole, live: true } : whole)
    }
  }
  return scopes
}

const runEnds: Partial<Record<RunState, 'done' | 'failed'>> = { completed: 'done', failed: 'failed' }

function runRow(input: WaterfallInput, steps: readonly WaterfallRow[], to: number): WaterfallRow {
  const { run } = input
  const begins = steps.flatMap(({ kind, spans }) => (kind === 'step' ? spans.map(({ from }) => from) : []))
  const spans = runSpans(
    input,
    begins.toSorted((a, b) => a - b),
    to,
  )
  const end = runEnds[run.state]
  return {
    ...{ kind: 'run', path: '', depth: 0, label: run.job, spans, marks: [] },
    ...{ tries: run.attempt, tookMs: to - run.enqueuedAt },
    ...(end === undefined ? {} : { end }),
  }
}
