import { formatDuration } from '../model/format-duration.ts'
import type { OperationEvent, OperationName } from '../store/events.ts'
import type { Overview } from '../store/overview.ts'
import type { ChangeKind, Sighting } from './finding-kind.ts'
import { clockText, named } from './texts.ts'
import { versionStarts } from './version-starts.ts'

/** What workers and operators did, as findings quote it. */
export interface Change {
  readonly kind: ChangeKind
  readonly subject: string
  readonly at: number
  /** Continues "40 s after …". */
  readonly text: string
}

/** A change explains a begin that follows within this time. */
const nearMs = 300_000

type Told = Pick<Change, 'kind' | 'text'> & { readonly subject?: string }

/** How operations are quoted. A worker that joins is told of by the versions it brings. */
const tellers: Readonly<Partial<Record<OperationName, (event: OperationEvent) => Told>>> = {
  'pause queue': (event) => ({ kind: 'queue', text: `queue '${event.subject}' was paused${by(event)}` }),
  'resume queue': (event) => ({ kind: 'queue', text: `queue '${event.subject}' was resumed${by(event)}` }),
  'change limiter': (event) => ({
    ...limiterOf(event),
    text: `limiter '${event.subject}' was changed${by(event)}`,
  }),
  'reset limiter': (event) => ({
    ...limiterOf(event),
    text: `limiter '${event.subject}' was set back to its code's numbers${by(event)}`,
  }),
  'pause schedule': (event) => ({
    kind: 'schedule',
    text: `schedule '${event.subject}' was paused${by(event)}`,
  }),
  'resume schedule': (event) => ({
    kind: 'schedule',
    text: `schedule '${event.subject}' was resumed${by(event)}`,
  }),
  'drain worker': (event) => ({
    kind: 'worker',
    text: `worker ${event.subject} was told to drain${by(event)}`,
  }),
  'worker joined': (event) => ({ kind: 'worker', text: `worker ${event.subject} started` }),
  'worker left': (event) => ({ kind: 'worker', text: `worker ${event.subject} left` }),
  'worker lost': (event) => ({ kind: 'worker', text: `worker ${event.subject} was lost` }),
  'worker cut': (event) => ({ kind: 'worker', text: `worker ${event.subject} was cut off from the store` }),
  'leader changed': (event) => ({ kind: 'leader', text: `${event.by ?? 'another worker'} took the lead` }),
  'leader resigned': (event) => ({ kind: 'leader', text: `${event.by ?? 'the leader'} gave up the lead` }),
  'begin action': (event) => ({ kind: 'action', text: `action ${event.subject} began${by(event)}` }),
}

function by({ by, reason }: OperationEvent): string {
  if (by === undefined) return ''
  return ` by ${by}${reason === undefined ? '' : ` (${reason})`}`
}

/** An operation names `limiter` or `limiter/key`. */
function limiterOf({ subject = '' }: OperationEvent): { readonly kind: 'limiter'; readonly subject: string } {
  return { kind: 'limiter', subject: subject.split('/')[0] ?? '' }
}

/** The changes that an overview tells of, oldest first. */
export function changesOf(overview: Overview): Change[] {
  const deploys = versionStarts(overview)
    .filter(({ kind }) => kind === 'deploy')
    .map(({ job, version, at }): Change => {
      return { kind: 'version', subject: job, at, text: `version ${version} of '${job}' started` }
    })
  const told = overview.operations.flatMap((event): Change[] => {
    const change = tellers[event.operation]?.(event)
    return change === undefined ? [] : [{ subject: event.subject ?? '', at: event.at, ...change }]
  })
  return [...told, ...deploys].sort((a, b) => a.at - b.at)
}

/** Says what changed near the begin of a finding; undefined where nothing did that could have to do with it. */
export function nearbyText(
  { since, related }: Pick<Sighting, 'since' | 'related'>,
  changes: readonly Change[],
  now: number,
): string | undefined {
  const near = changes.filter(({ kind, subject, at }) => {
    const of = related[kind]
    const isRelated = of === 'any' || of?.includes(subject) === true
    return isRelated && at <= since.at && since.at - at <= nearMs
  })
  // Of changes at one time the last is the deploy, which says most.
  const nearest = near.at(-1)
  if (nearest === undefined) return undefined
  const together = near.filter(({ kind, at }) => kind === 'version' && at === nearest.at)
  const seen = since.known === 'exact' ? 'began' : 'first seen'
  const ms = since.at - nearest.at
  const distance = ms < 1_000 ? 'when' : `${formatDuration(ms)} after`
  const text = together.length > 1 ? togetherText(together) : nearest.text
  return `${seen} ${clockText(since.at, now)}, ${distance} ${text}`
}

function togetherText(deploys: readonly Change[]): string {
  return `new versions of ${named(deploys.map(({ subject }) => `'${subject}'`))} started`
}
