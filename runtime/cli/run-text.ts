import { openStepPart } from '../describe/open-step.ts'
import { formatDuration } from '../model/format-duration.ts'
import type { Run, RunState, WaitingFor } from '../model/run.ts'
import { fromStoredError, type StoredError } from '../model/stored-error.ts'
import { reasonOf } from '../model/thrown.ts'
import { paint } from './output.ts'

const colours: Partial<Record<RunState, Parameters<typeof paint>[0]>> = {
  running: 'cyan',
  completed: 'green',
  failed: 'red',
  blocked: 'red',
  cancelling: 'yellow',
  cancelled: 'yellow',
  expired: 'yellow',
}

export function paintState(text: string, state: RunState): string {
  const colour = colours[state]
  return colour === undefined ? text : paint(colour, text)
}

/** A length of time; what takes no measurable time is no zero. */
export function span(ms: number): string {
  return ms < 1 ? '<1 ms' : formatDuration(ms)
}

/** How long ago `at` was. */
export function ago(at: number): string {
  return `${formatDuration(Math.max(0, Date.now() - at))} ago`
}

/** An instant and how far away it is. */
export function time(at: number): string {
  const distance = at > Date.now() ? untilText(at) : ago(at)
  return `${new Date(at).toISOString()} (${distance})`
}

function untilText(at: number): string {
  const ms = at - Date.now()
  return ms > 0 ? `in ${formatDuration(ms)}` : 'now'
}

function waitingText({ kind, name, until }: WaitingFor): string {
  const of = name === undefined ? '' : ` of '${name}'`
  if (kind === 'limit') return `in line for limiter '${name}'`
  const what = kind === 'time' ? `sleeps${name === undefined ? '' : ` in '${name}'`}` : `next try${of}`
  return until === undefined ? what : `${what}, due ${untilText(until)}`
}

export function errorText(error: StoredError): string {
  return `${error.name}: ${error.message}`
}

/** With the first reasons of an AggregateError. */
function errorSummary(error: StoredError): string {
  return `${error.name}: ${reasonOf(fromStoredError(error))}`
}

/** Why a run is where it is, on one line; empty where the state says it all. */
export function situation(run: Run): string {
  switch (run.state) {
    case 'scheduled':
      return `due ${untilText(run.dueAt)}`
    case 'running':
      return `on ${run.worker}${openStepPart(run.step)}`
    case 'waiting':
      return run.error === undefined
        ? waitingText(run.waitingFor)
        : `${waitingText(run.waitingFor)}; ${errorSummary(run.error)}`
    case 'blocked':
      return run.reason
    case 'completed':
      return `took ${tookText(run)}`
    case 'failed':
      return errorSummary(run.error)
    case 'cancelling':
      return `ordered by ${byAndWhy(run)}, on ${run.worker}${openStepPart(run.step)}`
    case 'cancelled':
      return `by ${byAndWhy(run)}`
    case 'expired':
      return 'nobody started it in time'
    case 'ready':
      return ''
  }
}

/** From the first claim to the end. */
export function tookText({ startedAt, enqueuedAt, endedAt }: Run & { readonly endedAt: number }): string {
  return span(endedAt - (startedAt ?? enqueuedAt))
}

/** Who did something by hand, and the reason given. */
export function byAndWhy({ by, reason }: { readonly by: string; readonly reason?: string }): string {
  return reason === undefined ? by : `${by}: ${reason}`
}
