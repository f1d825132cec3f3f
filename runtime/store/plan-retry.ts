import { RunStateError } from '../model/errors.ts'
import type { RetryPlan } from '../model/job.ts'
import type { OperatorWrite } from '../model/operator-write.ts'
import { isEnd, type RunState } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import { onFailedPath, type StepPath, stepName } from '../model/step-path.ts'
import type { RetryChoice } from './store.ts'

/** The fields of a journal entry that a plan needs. */
export interface JournalLine {
  readonly position: number
  readonly path: StepPath
  readonly phase: string
  readonly once?: boolean
}

export interface PlannedRetry {
  /** Positions of the entries that the retry drops. */
  readonly dropped: readonly number[]
  readonly answer: RetryPlan
}

interface RetriedRun {
  readonly id: RunId
  readonly state: RunState
  /** The step whose error ended the run. */
  readonly escaped: StepPath | undefined
}

/**
 * Plans what a manual retry drops and keeps of a journal; every store calls this.
 * @throws RunStateError when the run can't be retried, a named step doesn't exist, or an at-most-once entry would be
 * dropped.
 */
export function planRetryOf(
  run: RetriedRun,
  lines: readonly JournalLine[],
  choice: RetryChoice,
): PlannedRetry {
  if (run.state === 'completed' || (!isEnd(run.state) && run.state !== 'blocked')) {
    throw new RunStateError(
      `run '${run.id}' is ${run.state}; only a failed, cancelled, expired or blocked run can be retried`,
    )
  }
  const dropped = droppedLines(run, lines, choice)
  refuseOnce(run.id, dropped, choice.runAgain ?? [])
  return plannedRetry(lines, dropped)
}

/** The retry of one run of an action, or the at-most-once steps that block it. */
export type PlannedActionRetry =
  | ({ readonly kind: 'planned' } & PlannedRetry)
  | { readonly kind: 'refused'; readonly inTheWay: readonly StepPath[] }

/** @param allowed At-most-once steps that may run again if they block the retry: paths, or names for any key. */
export function planActionRetry(
  run: RetriedRun,
  lines: readonly JournalLine[],
  allowed: readonly StepPath[],
): PlannedActionRetry {
  const dropped = droppedLines(run, lines, {})
  const inTheWay = oncePaths(dropped).filter(
    (path) => !allowed.includes(path) && !allowed.includes(stepName(path)),
  )
  return inTheWay.length > 0
    ? { kind: 'refused', inTheWay }
    : { kind: 'planned', ...plannedRetry(lines, dropped) }
}

export function onceRefusal(inTheWay: readonly StepPath[]): string {
  const names = [...new Set(inTheWay.map(stepName))].map((name) => `'${name}'`).join(', ')
  return `it would run at-most-once step ${names} again; make sure that its effect did not happen, then name it in runAgain`
}

function plannedRetry(lines: readonly JournalLine[], dropped: readonly JournalLine[]): PlannedRetry {
  const ends = (line: JournalLine): boolean => line.phase === 'done' || line.phase === 'failed'
  const runsAgain = [...new Set(dropped.filter(isStep).map((line) => line.path))]
  const gone = new Set(dropped)
  const keeps = lines.filter((line) => ends(line) && isStep(line) && !gone.has(line)).map((line) => line.path)
  return { dropped: dropped.map((line) => line.position), answer: { runsAgain, keeps } }
}

function droppedLines(run: RetriedRun, lines: readonly JournalLine[], choice: RetryChoice): JournalLine[] {
  const { from, runAgain = [] } = choice
  for (const named of from === undefined ? runAgain : [from, ...runAgain]) {
    if (!lines.some((line) => line.path === named)) {
      const paths = [...new Set(lines.filter(isStep).map((line) => line.path))].slice(0, 20)
      throw new RunStateError(
        `run '${run.id}' has stored no step '${named}'; it has: ${paths.join(', ') || 'none'}`,
      )
    }
  }
  const again = (line: JournalLine): boolean => !isStep(line) || runAgain.includes(line.path)
  if (from !== undefined) {
    const first = lines.findIndex((line) => line.path === from)
    return lines.filter((line, i) => i >= first || again(line))
  }
  return lines.filter((line) => line.path === run.escaped || again(line))
}

/** R10: an at-most-once step whose effect may have happened runs again only if the caller names it. */
function refuseOnce(id: RunId, dropped: readonly JournalLine[], runAgain: readonly string[]): void {
  const refused = oncePaths(dropped).filter((path) => !runAgain.includes(path))
  if (refused.length === 0) return
  throw new RunStateError(
    `run '${id}': this retry would run at-most-once steps again: ${refused.join(', ')}; ` +
      'make sure that their effect did not happen, then name them in runAgain',
  )
}

function oncePaths(lines: readonly JournalLine[]): StepPath[] {
  return [...new Set(lines.filter((line) => line.once).map((line) => line.path))]
}

function isStep(line: JournalLine): boolean {
  return line.path !== onFailedPath
}

/** The entry of a run's history about its retry. */
export function retryReason({ from, runAgain = [] }: RetryChoice, { reason }: OperatorWrite): string {
  const forced = runAgain.join(', ')
  return [reason, from && `from '${from}'`, forced && `run again: ${forced}`].filter(Boolean).join('; ')
}
