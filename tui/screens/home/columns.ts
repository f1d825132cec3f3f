import type { Finding } from '../../../runtime/attention/finding.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { byAndWhy } from '../../../runtime/describe/manual-action.ts'
import type { Look } from '../../kit/look.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { Tone } from '../../kit/tone.ts'
import { type FindingRow, findingText, type QueueRow } from './rows.ts'

/** From then on it's worth telling for how long these screens have seen a finding. */
const seenForMs = 10_000

const severityTones = { critical: 'bad', warning: 'warn', notice: 'info' } as const satisfies Readonly<
  Record<string, Tone>
>

export function findingColumns({ glyphs }: Look, now: number): readonly TableColumn<FindingRow>[] {
  return [
    {
      title: 'SEVERITY',
      cell: ({ finding: { severity, muted } }) =>
        muted === undefined ? `${glyphs[severity]} ${severity}` : `${glyphs.notice} muted`,
      tone: ({ finding: { severity, muted } }) => (muted === undefined ? severityTones[severity] : 'dim'),
      usual: 10,
    },
    {
      title: 'FOR',
      cell: ({ finding }) => ageText(finding, now),
      ...{ align: 'right', usual: 7 },
    },
    {
      title: 'FINDING',
      cell: ({ finding }) => findingText(finding, now),
      tone: ({ finding }) => (finding.muted === undefined ? 'plain' : 'dim'),
      shrinks: true,
    },
  ]
}

/** A first look tells no age where the store doesn't. */
function ageText({ since, sinceAtLeast, beginUnknown }: Finding, now: number): string {
  if (beginUnknown && now - since < seenForMs) return ''
  return `${sinceAtLeast ? '>' : ''}${durationToken(now - since)}`
}

export function queueColumns({ glyphs }: Look): readonly TableColumn<QueueRow>[] {
  return [
    { title: 'QUEUE', cell: ({ id }) => id, shrinks: true, least: 8 },
    { title: 'LIVE', cell: ({ live }) => live.toLocaleString('en'), align: 'right', usual: 5 },
    {
      title: 'OLDEST',
      cell: ({ queue }) => (queue.oldestReadyMs === undefined ? '' : durationToken(queue.oldestReadyMs)),
      ...{ align: 'right', usual: 6 },
    },
    {
      title: 'PAUSED',
      cell: ({ queue }) =>
        queue.paused === undefined ? '' : `${glyphs.paused} paused by ${byAndWhy(queue.paused)}`,
      ...{ tone: () => 'warn', shrinks: true, least: 8 },
    },
  ]
}
