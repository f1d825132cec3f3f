import type { LimiterRule } from '../model/limiter.ts'
import type { OperationEvent, OperationName, RunEvent, StoreEvent } from '../store/events.ts'
import { leaderRole } from '../store/terms.ts'
import { ruleText } from './rule-text.ts'

/** Returns an event on one line, without the time: `queue 'mail' paused by ana: 'storm'`. */
export function eventSentence(event: StoreEvent): string {
  return event.kind === 'run' ? runSentence(event) : operationSentences[event.operation](event)
}

export const transitionVerbs: Readonly<Record<RunEvent['transition'], string>> = {
  enqueue: 'enqueued',
  promote: 'became due',
  claim: 'claimed',
  'line up': "joined a limiter's waitlist",
  complete: 'completed',
  fail: 'failed',
  'back off': 'backs off before the next attempt',
  suspend: 'suspended',
  release: 'handed back by its worker',
  lose: 'lost its worker',
  'lose with delay': 'lost its worker and waits before the next attempt',
  convict: 'failed as poisoned',
  block: 'blocked',
  'order cancel': 'told to stop',
  wake: 'woken',
  cancel: 'cancelled',
  expire: 'expired',
  unblock: 'unblocked',
  'end cancel': 'stopped by its worker',
  retry: 'retried',
}

function runSentence(event: RunEvent): string {
  const { run, job, queue } = event
  return `run ${run} of '${job}' in queue '${queue}' ${transitionText(event)}`
}

/** Returns a transition of a run: `claimed, now running`. */
export function transitionText({ transition, state }: RunEvent): string {
  const verb = transitionVerbs[transition]
  return verb.startsWith(state) ? verb : `${verb}, now ${state}`
}

type Sentence = (event: OperationEvent) => string

const operationSentences: Readonly<Record<OperationName, Sentence>> = {
  'cancel run': (event) => `${runText(event)} told to stop${by(event)}`,
  'retry run': (event) => `${runText(event)} retried${by(event)}`,
  'remove run': (event) => `${runText(event)} removed${by(event)}`,
  'begin action': (event) => `${actionText(event)} begun${runCount(event)}${by(event)}`,
  'end action': (event) => `${actionText(event)} ended, ${count(event.count ?? 0, 'run')} done${by(event)}`,
  'pause queue': named('queue', 'paused'),
  'resume queue': named('queue', 'resumed'),
  'change limiter': (event) => `limiter '${event.subject}' changed${ruleOf(event, ' to ')}${by(event)}`,
  'reset limiter': (event) =>
    `limiter '${event.subject}' reset to the numbers of its code${ruleOf(event, ': ')}${by(event)}`,
  'put schedule': named('schedule', 'put'),
  'pause schedule': named('schedule', 'paused'),
  'resume schedule': named('schedule', 'resumed'),
  'trigger schedule': (event) => `schedule '${event.subject}' triggered${by(event)}${triggered(event)}`,
  'skip schedule': named('schedule', 'told to skip its next tick'),
  'remove schedule': named('schedule', 'removed'),
  'backfill schedule': (event) => `schedule '${event.subject}' backfilled${runCount(event)}${by(event)}`,
  'drain worker': (event) => `worker ${event.subject} told to drain${by(event)}`,
  'worker joined': (event) => `worker ${event.subject} joined${versions(event)}`,
  'worker left': (event) => `worker ${event.subject} left`,
  'worker lost': (event) =>
    `worker ${event.subject} lost: ${causeOf(event)}, it held ${count(event.count, 'run')}`,
  'worker cut': (event) =>
    `worker ${event.subject} is alive: it was cut off from the store; the loss of its ${count(event.count, 'run')} doesn't count`,
  'loss explained': (event) =>
    `lost worker ${event.subject}: ${event.reason ?? 'its end is known'}${event.count ? `; the loss of its ${count(event.count, 'run')} doesn't count` : ''}`,
  'leader changed': (event) =>
    `worker ${event.by} ${isLeader(event) ? 'leads' : `took the role '${event.subject}'`}`,
  'leader resigned': (event) =>
    `worker ${event.by ?? 'unknown'} ${isLeader(event) ? 'resigned as leader' : `gave up the role '${event.subject}'`}`,
  'mute finding': (event) => `finding ${event.subject} muted${by(event)}`,
  'unmute finding': (event) => `finding ${event.subject} unmuted${by(event)}`,
}

function named(thing: string, verb: string): Sentence {
  return (event) => `${thing} '${event.subject}' ${verb}${by(event)}`
}

function by({ by, reason }: OperationEvent): string {
  const why = reason === undefined ? '' : `: '${reason}'`
  return by === undefined ? why : ` by ${by}${why}`
}

function runText({ subject, details }: OperationEvent): string {
  return `run ${subject}${details?.job === undefined ? '' : ` of '${details.job}'`}`
}

function actionText({ subject, details }: OperationEvent): string {
  return `action ${subject}${details?.kind === undefined ? '' : ` (${details.kind})`}`
}

function runCount({ count: runs }: OperationEvent): string {
  return runs === undefined ? '' : ` with ${count(runs, 'run')}`
}

function count(number: number | undefined, thing: string): string {
  return number === 1 ? `1 ${thing}` : `${number ?? 'some'} ${thing}s`
}

function ruleOf({ details }: OperationEvent, before: string): string {
  const { kind, max, everyMs, refill } = (details ?? {}) as Partial<LimiterRule>
  if (kind === undefined || max === undefined) return ''
  return `${before}${ruleText({ kind, max, everyMs: everyMs ?? 0, refill: refill ?? 0 })}`
}

function triggered({ details = {} }: OperationEvent): string {
  if (details.run !== undefined) return `, as run ${details.run}`
  return details.duplicateOf === undefined ? '' : `; no run was created, as run ${details.duplicateOf} exists`
}

const shownVersions = 5

function versions({ details = {} }: OperationEvent): string {
  const all = Object.entries(details).map(([job, version]) => `'${job}' version ${version}`)
  const more = all.length - shownVersions
  const shown = all.slice(0, shownVersions).join(', ')
  return shown === '' ? '' : `: ${shown}${more > 0 ? ` and ${count(more, 'more job')}` : ''}`
}

function causeOf({ details = {} }: OperationEvent): string {
  if (details.cause === 'exit') return 'its process died'
  return details.cause === 'lease' ? 'its lease expired' : 'the cause is not known'
}

function isLeader({ subject }: OperationEvent): boolean {
  return subject === leaderRole
}
