import type { LimiterRule } from '../model/limiter.ts'
import type { RunState } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import { ruleText } from './rule-text.ts'

/* The result of a manual action, in a sentence without a full stop: a command adds how to undo it. */

export function retriedText(id: RunId): string {
  return `run ${id} is ready again`
}

/** @param state The run's state after the cancel. */
export function cancelledText(id: RunId, state: RunState): string {
  const words: Readonly<Partial<Record<RunState, string>>> = {
    cancelled: 'is cancelled',
    cancelling: 'is cancelling: its worker has the order and stops it',
  }
  return `run ${id} ${words[state] ?? `had already ended as ${state}; nothing was changed`}`
}

export function removedText(id: RunId): string {
  return `run ${id} is removed`
}

export function queuePausedText(queue: string): string {
  return `queue ${queue} is paused`
}

export function queueResumedText(queue: string): string {
  return `queue ${queue} runs again`
}

export function schedulePausedText(schedule: string): string {
  return `schedule ${schedule} is paused`
}

export function scheduleResumedText(schedule: string): string {
  return `schedule ${schedule} fires again`
}

export function triggeredText(run: RunId): string {
  return `run ${run} is enqueued`
}

export function drainingText(worker: string): string {
  return `worker ${worker} is draining: it claims no more runs and hands over those it holds`
}

export function limiterSetText(limiter: string, rule: LimiterRule): string {
  return `limiter ${limiter} is now ${rule.kind}, ${ruleText(rule)}`
}

export function mutedText(finding: string, until: Date): string {
  return `${finding} is muted until ${until.toISOString()}`
}

export function unmutedText(finding: string, wasMuted: boolean): string {
  return wasMuted ? `${finding} is no longer muted` : `${finding} was not muted`
}
