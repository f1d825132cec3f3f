import { formatDuration } from '../model/format-duration.ts'
import type { Run, RunState, WaitingFor } from '../model/run.ts'
import type { StoredError } from '../model/stored-error.ts'
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

/** How long ago `at` was. */
export function age(at: number): string {
  return formatDuration(Math.max(0, Date.now() - at))
}

/** An instant and how far away it is. */
export function time(at: number): string {
  const ms = at - Date.now()
  const distance = ms > 0 ? `in ${formatDuration(ms)}` : `${formatDuration(-ms)} ago`
  return `${new Date(at).toISOString()} (${distance})`
}

function untilText(at: number): string {
  const ms = at - Date.now()
  return ms > 0 ? `in ${formatDuration(ms)}` : 'now'
}

export function waitingText({ kind, name, until }: WaitingFor): string {
  const what = kind === 'time' ? 'the time' : 'a retry'
  const of = name === undefined ? '' : ` of '${name}'`
  return `waits for ${what}${of}${until === undefined ? '' : `, due ${untilText(until)}`}`
}

export function errorText(error: StoredError): string {
  return `${error.name}: ${error.message}`
}

/** Why a run is where it is, on one line; empty where the state says it all. */
export function situation(run: Run): string {
  switch (run.state) {
    case 'scheduled':
      return `due ${untilText(run.dueAt)}`
    case 'running':
      return `on ${run.worker}`
    case 'waiting':
      return run.error === undefined
        ? waitingText(run.waitingFor)
        : `${waitingText(run.waitingFor)}; ${errorText(run.error)}`
    case 'blocked':
      return run.reason
    case 'failed':
      return errorText(run.error)
    case 'cancelling':
      return `ordered by ${byAndWhy(run)}, on ${run.worker}`
    case 'cancelled':
      return `by ${byAndWhy(run)}`
    default:
      return ''
  }
}

export function byAndWhy({ by, reason }: { readonly by: string; readonly reason?: string }): string {
  return reason === undefined ? by : `${by}: ${reason}`
}
