import { clockTime } from '../describe/clock-time.ts'
import { eventSentence } from '../describe/event-sentence.ts'
import { formatDuration } from '../model/format-duration.ts'
import type { OperationName } from '../store/events.ts'
import type { Overview } from '../store/overview.ts'
import type { ChangeKind, Sighting } from './finding-kind.ts'
import { named } from './texts.ts'
import { versionStarts } from './version-starts.ts'

/** The operations of workers and operators, as findings quote them. */
export interface Change {
  readonly kind: ChangeKind
  readonly subject: string
  readonly at: number
  /** For a version, a clause that follows "after"; otherwise the event's own sentence. */
  readonly text: string
}

/** A change explains a begin that follows within this time. */
const nearMs = 300_000

/**
 * Operations that may be the cause of something. A worker that joins is represented by the new versions it brings, if
 * any: one more of the same causes nothing.
 */
const causes: Readonly<Record<OperationName, ChangeKind | undefined>> = {
  'pause queue': 'queue',
  'resume queue': 'queue',
  'change limiter': 'limiter',
  'reset limiter': 'limiter',
  'put schedule': 'schedule',
  'pause schedule': 'schedule',
  'resume schedule': 'schedule',
  'drain worker': 'worker',
  'worker joined': undefined,
  'worker left': 'worker',
  'worker lost': 'worker',
  'worker cut': 'worker',
  'loss explained': undefined,
  'leader changed': 'leader',
  'leader resigned': 'leader',
  'begin action': 'action',
  'end action': undefined,
  'cancel run': undefined,
  'retry run': undefined,
  'remove run': undefined,
  'trigger schedule': undefined,
  'skip schedule': undefined,
  'remove schedule': undefined,
  'backfill schedule': undefined,
  'mute finding': undefined,
  'unmute finding': undefined,
}

/** Returns the changes of an overview, oldest first. */
export function changesOf(overview: Overview): Change[] {
  const deploys = versionStarts(overview)
    .filter(({ kind }) => kind === 'deploy')
    .map(({ job, version, at }): Change => {
      return { kind: 'version', subject: job, at, text: `version ${version} of '${job}' started` }
    })
  const operations = overview.operations.flatMap((event): Change[] => {
    const kind = causes[event.operation]
    if (kind === undefined) return []
    return [{ kind, subject: event.subject ?? '', at: event.at, text: eventSentence(event) }]
  })
  return [...operations, ...deploys].sort((a, b) => a.at - b.at)
}

/** An operation names a limiter, or a key of it: `limiter/key`. */
function isOf(name: string, kind: ChangeKind, subject: string): boolean {
  return subject === name || (kind === 'limiter' && subject.startsWith(`${name}/`))
}

/** Returns what changed near the begin of a finding; undefined if no related change did. */
export function nearbyText(
  { since, related }: Pick<Sighting, 'since' | 'related'>,
  changes: readonly Change[],
  now: number,
): string | undefined {
  const near = changes.filter(({ kind, subject, at }) => {
    const of = related[kind]
    const isRelated = of === 'any' || of?.some((name) => isOf(name, kind, subject)) === true
    return isRelated && at <= since.at && since.at - at <= nearMs
  })
  // Of several changes at one time the last is the deploy, the most likely cause.
  const nearest = near.at(-1)
  if (nearest === undefined) return undefined
  const together = near.filter(({ kind, at }) => kind === 'version' && at === nearest.at)
  const seen = since.known === 'exact' ? 'began' : 'first seen'
  return `${seen} ${clockTime(since.at, now)}, ${afterText(since.at - nearest.at, nearest, together)}`
}

function afterText(ms: number, nearest: Change, deploys: readonly Change[]): string {
  if (deploys.length === 0) {
    return `${ms < 1_000 ? 'at the same time' : `${formatDuration(ms)} after`}: ${nearest.text}`
  }
  const names = deploys.map(({ subject }) => `'${subject}'`)
  const text = deploys.length === 1 ? nearest.text : `new versions of ${named(names)} started`
  return `${ms < 1_000 ? 'when' : `${formatDuration(ms)} after`} ${text}`
}
