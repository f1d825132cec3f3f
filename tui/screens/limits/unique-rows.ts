import { agoToken, durationToken } from '../../../runtime/describe/duration-token.ts'
import type { HeldKey } from '../../../runtime/store/held-keys.ts'
import type { Look } from '../../kit/look.ts'
import { bareStateText, bareStateTone } from '../../kit/run-state.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import { formatFilter } from '../../text/format-filter.ts'
import { hasWords } from '../../text/has-words.ts'
import type { Row, ScreenInput } from '../screen.ts'
import type { LimitsData } from './limits-data.ts'

/** A unique key and the run that holds it. */
export interface UniqueRow extends Row {
  readonly held: HeldKey
}

/** By job, then by key. */
export function uniqueRows({
  data,
  place,
}: Pick<ScreenInput<LimitsData>, 'data' | 'place'>): readonly UniqueRow[] {
  return (data?.unique?.keys ?? [])
    .filter((held) => hasWords([held.job, held.key, held.run, held.state], place.filter))
    .toSorted((a, b) => compare(a.job, b.job) || compare(a.key, b.key))
    .map((held) => ({
      ...{ id: `${held.job}\0${held.key}`, held },
      thing: { kind: 'run', id: held.run, job: held.job, state: held.state },
      target: { screen: 'run', subject: held.run },
      get jumps() {
        const filter = formatFilter({ filter: { job: held.job, unique: held.key } })
        return [{ label: 'all runs with this key', target: { screen: 'runs', filter } as const }]
      },
    }))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function uniqueColumns(now: number, look: Look): readonly TableColumn<UniqueRow>[] {
  return [
    { title: 'JOB', cell: ({ held }) => held.job, shrinks: true, least: 10, usual: 10 },
    { title: 'KEY', cell: ({ held }) => held.key, shrinks: true, least: 14, usual: 14 },
    { title: 'HELD BY', cell: ({ held }) => held.run, usual: 12 },
    {
      title: 'STATE',
      cell: ({ held }) => bareStateText(held.state, look),
      tone: ({ held }) => bareStateTone(held.state),
    },
    { title: 'UNTIL', cell: ({ held }) => untilText(held, now), drops: 2 },
    {
      title: 'ENQUEUED',
      cell: ({ held }) => agoToken(held.enqueuedAt, now),
      ...{ align: 'right', drops: 1 },
    },
  ]
}

function untilText({ until }: HeldKey, now: number): string {
  if (until === 'finished') return 'it has ended'
  return until === 'started' ? 'it starts' : `in ${durationToken(until - now)}`
}
