import { formatDuration } from '../model/format-duration.ts'
import { innermostCause } from '../model/innermost-cause.ts'
import { poisonLimit } from '../model/poison.ts'
import type { Run, RunState, WaitingFor } from '../model/run.ts'
import { fromStoredError, type StoredError } from '../model/stored-error.ts'
import { reasonOf } from '../model/thrown.ts'
import { waitRow } from '../model/wait.ts'
import { untilText } from './clock-time.ts'
import { type FleetSnapshot, findHindrances, hindranceText } from './hindrance.ts'
import { byAndWhy } from './manual-action.ts'
import { openStepPart } from './open-step.ts'

/**
 * Returns why a run is in its state, on one line; '' if the state says it all.
 * @param fleet Says what keeps a ready run from being taken.
 */
export function situation(run: Run, now: number, fleet?: FleetSnapshot): string {
  switch (run.state) {
    case 'scheduled':
      return `due ${untilText(run.dueAt, now)}`
    case 'running':
      return `on ${run.worker}${openStepPart(run.step)}`
    case 'waiting':
      return [
        isLossPause(run) ? lossText(run, now) : waitingText(run.waitingFor, now),
        ...(run.error === undefined ? [] : [causeText(run.error)]),
      ].join('; ')
    case 'blocked':
      return run.reason
    case 'completed':
      return `took ${tookText(run)}`
    case 'failed':
      return causeText(run.error, run.escaped)
    case 'cancelling':
      return `ordered by ${byAndWhy(run)}, on ${run.worker}${openStepPart(run.step)}`
    case 'cancelled':
      return `by ${byAndWhy(run)}`
    case 'expired':
      return 'no worker started it in time'
    case 'ready': {
      const [first] = fleet === undefined ? [] : findHindrances(run, fleet)
      if (first !== undefined) return hindranceText(first, run)
      return run.lossStreak === undefined || run.lossStreak === 0 ? '' : lossesText(run.lossStreak)
    }
  }
}

/** Returns how a run that was followed to its end has ended; the caller names its state. */
export function endedRunText(run: Run | undefined, now: number): string {
  return run === undefined ? 'was removed' : situation(run, now)
}

/** Returns the text after that state: `completed, took 69 ms`, `failed: …`, `cancelled by ana`. */
export function endedRunSeparator(state: RunState): string {
  return state === 'completed' ? ', ' : state === 'cancelled' ? ' ' : ': '
}

/** After a loss a run pauses by itself: no attempt of its own has failed. */
export function isLossPause({
  waitingFor,
  error,
  lossStreak = 0,
}: Extract<Run, { state: 'waiting' }>): boolean {
  return waitingFor.kind === 'retry' && waitingFor.name === undefined && error === undefined && lossStreak > 0
}

function lossText({ waitingFor, lossStreak = 0 }: Extract<Run, { state: 'waiting' }>, now: number): string {
  const losses = lossesText(lossStreak)
  const { until } = waitingFor
  const when = until === undefined ? '' : ` ${untilText(until, now)}`
  return lossStreak < poisonLimit ? `${losses}, next try${when}` : `${losses}, fails as poisoned${when}`
}

/** Losses in a row without a new step; as many as the limit fail the run. */
function lossesText(streak: number): string {
  return `${streak} of ${poisonLimit} losses`
}

function waitingText({ kind, name, until }: WaitingFor, now: number): string {
  const what = waitRow(kind).status(name)
  return until === undefined ? what : `${what}, due ${untilText(until, now)}`
}

/** Returns name and message of an error. */
export function errorText(error: StoredError): string {
  return `${error.name}: ${error.message}`
}

/**
 * Returns the step and the innermost cause, as failures are grouped: tables cut the end, and the begin of our own
 * errors doesn't distinguish failures.
 */
function causeText(error: StoredError, step = stepOf(error)): string {
  const cause = innermostCause(error)
  const reason = reasonOf(fromStoredError(cause))
  if (step === undefined) return `${cause.name}: ${reason}`
  const ofStep = `step '${step}' `
  if (reason.startsWith(ofStep)) return `${step}: ${reason.slice(ofStep.length)}`
  return [step, ...(cause.name === 'Error' && reason !== '' ? [] : [cause.name]), reason].join(': ')
}

/** For a run that an older version failed: uses the error itself. */
function stepOf({ fields }: StoredError): string | undefined {
  return typeof fields?.path === 'string' ? fields.path : undefined
}

/** Returns how long an ended run took from its first claim. */
export function tookText({ startedAt, enqueuedAt, endedAt }: Run & { readonly endedAt: number }): string {
  return shortSpan(endedAt - (startedAt ?? enqueuedAt))
}

/** Returns a length of time; one too short to measure is not shown as zero. */
function shortSpan(ms: number): string {
  return ms < 1 ? '<1 ms' : formatDuration(ms)
}
