import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { byAndWhy } from '../../../runtime/describe/manual-action.ts'
import type { Look } from '../../kit/look.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { Tone } from '../../kit/tone.ts'
import type { FindingRow, QueueRow } from './rows.ts'

const severityTones = { critical: 'bad', warning: 'warn', notice: 'info' } as const satisfies Readonly<
  Record<string, Tone>
>

export function findingColumns({ glyphs }: Look, now: number): readonly TableColumn<FindingRow>[] {
  return [
    {
      title: 'SEVERITY',
      cell: ({ finding }) => `${glyphs[finding.severity]} ${finding.severity}`,
      tone: ({ finding }) => severityTones[finding.severity],
      usual: 10,
    },
    {
      title: 'FOR',
      cell: ({ finding }) => `${finding.sinceAtLeast ? '>' : ''}${durationToken(now - finding.since)}`,
      ...{ align: 'right', usual: 7 },
    },
    { title: 'FINDING', cell: ({ finding }) => finding.sentence, shrinks: true },
  ]
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
