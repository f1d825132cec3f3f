import type { JournalOutline } from '../../../runtime/model/journal.ts'
import type { Jump } from '../../app/place.ts'
import type { Thing } from '../../app/thing.ts'
import { toggledLines } from '../../kit/folds.ts'
import {
  foldScopes,
  type WaterfallModel,
  type WaterfallRow,
  waterfallModel,
} from '../../kit/waterfall-model.ts'
import type { Row, ScreenInput } from '../screen.ts'
import { jumpsOf } from './jumps.ts'
import type { KnownRun, RunData } from './run-data.ts'

/** A row of the waterfall: the run, a scope of steps, or a step. */
export interface StepRow extends Row {
  readonly step: WaterfallRow
  /** Left out: it has nothing below it to fold. */
  readonly fold?: 'folded' | 'open'
}

/** The run's own row has no path. */
const runRowId = 'run'

interface KnownModel {
  /** Identifies its sources besides the journal. */
  readonly of: string
  readonly model: WaterfallModel
}

/** By the journal's entries, which stay the same array while no further one is stored. */
const models = new WeakMap<readonly JournalOutline[], KnownModel>()

/**
 * Cached for all reads with the same content; open spans grow from there. So a long journal costs nothing while it
 * doesn't grow, and the begin of an open step stays as first reported.
 */
export function modelOf(
  { run, journal, history, executions, places, readAt }: KnownRun,
  aheadMs: number,
): WaterfallModel {
  const { entries } = journal
  const step = 'step' in run ? run.step?.path : undefined
  const waits = places.map(({ limiter, path }) => [limiter, path])
  const of = JSON.stringify([
    run.state,
    run.changedAt,
    run.attempt,
    run.orphans,
    step,
    history,
    executions,
    waits,
  ])
  const known = models.get(entries)
  if (known?.of === of) return known.model
  const now = readAt + aheadMs
  const model = waterfallModel({ run, journal: entries, history, executions, places, now, readAt: now })
  models.set(entries, { of, model })
  return model
}

const unfolded = new WeakMap<WaterfallModel, readonly StepRow[]>()

export function stepRows({ data, fleet, place }: ScreenInput<RunData>): readonly StepRow[] {
  if (data?.kind !== 'known') return []
  const model = modelOf(data, fleet.aheadMs)
  const folded = toggledLines(place.own, 'scope ')
  if (folded.size > 0) return toRows(data, foldScopes(model, folded), folded)
  const rows = unfolded.get(model) ?? toRows(data, model, folded)
  unfolded.set(model, rows)
  return rows
}

function toRows(data: KnownRun, { rows }: WaterfallModel, folded: ReadonlySet<string>): readonly StepRow[] {
  const { run } = data
  const jumps = jumpsOf(data)
  const thing = { kind: 'run', id: run.id, job: run.job, state: run.state } as const
  return rows.map((step) => toRow(step, thing, jumps, folded))
}

function toRow(
  step: WaterfallRow,
  run: Extract<Thing, { kind: 'run' }>,
  jumps: readonly Jump[],
  folded: ReadonlySet<string>,
): StepRow {
  const { kind, path } = step
  switch (kind) {
    case 'run':
      return { id: runRowId, step, thing: run, jumps }
    case 'scope':
      return { id: `scope ${path}`, step, thing: run, jumps, fold: folded.has(path) ? 'folded' : 'open' }
    case 'step':
      return {
        ...{
          id: `step ${path}`,
          step,
          jumps,
          thing: { kind: 'step', id: path, run: run.id, state: run.state },
        },
        target: { screen: 'step', subject: `${run.id} ${path}` },
      }
  }
}

/** The step that shows the run's state: the running or awaited one, or the failed one. */
export function weightiestRow(input: ScreenInput<RunData>): string | undefined {
  const { data } = input
  if (data?.kind !== 'known' || data.run.state === 'completed') return undefined
  const rows = stepRows(input)
  const escaped = 'escaped' in data.run ? data.run.escaped : undefined
  const row =
    rows.findLast(({ step }) => step.kind === 'step' && step.spans.at(-1)?.live === true) ??
    rows.find(({ step }) => step.kind === 'step' && step.path === escaped)
  return row?.id
}
