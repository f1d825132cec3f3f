import { durationToken } from '../../../runtime/describe/duration-token.ts'
import type { LimitHolder, LimitWaiter } from '../../../runtime/store/waitlist.ts'
import type { Look } from '../../kit/look.ts'
import { bareStateText, bareStateTone } from '../../kit/run-state.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { Row, ScreenInput } from '../screen.ts'
import type { KeyUsers, LimitsData } from './limits-data.ts'
import { currentLimiter } from './rows.ts'

/** A run, or a step of one, that holds a key or waits for it. */
export type UserRow = Row &
  (
    | { readonly kind: 'holder'; readonly user: LimitHolder }
    | { readonly kind: 'waiter'; readonly user: LimitWaiter }
  )

/** The holders of the key that was read, then its waiters, in order. */
export function userRows(input: ScreenInput<LimitsData>): readonly UserRow[] {
  const users = input.data?.users
  // Until the cursor's limiter is read.
  if (users === undefined || users.limiter !== currentLimiter(input)?.id) return []
  return [
    ...users.holders.map((user): UserRow => ({ ...rowOf(users, 'holds', user), kind: 'holder', user })),
    ...users.waiters.map((user): UserRow => ({ ...rowOf(users, 'waits', user), kind: 'waiter', user })),
  ]
}

function rowOf({ limiter, key }: KeyUsers, how: string, user: LimitHolder | LimitWaiter): Row {
  const { run, job, queue, state, path } = user
  const worker = 'worker' in user ? user.worker : undefined
  return {
    id: [limiter, key, how, run, path].join('\0'),
    thing: { kind: 'run', id: run, job, state },
    target: { screen: 'run', subject: run },
    get jumps() {
      return [
        ...(worker === undefined
          ? []
          : [{ label: `worker ${worker}`, target: { screen: 'workers', row: worker } as const }]),
        { label: `queue ${queue}`, target: { screen: 'queues', row: queue } as const },
      ]
    },
  }
}

/** A holder's own wait is not shown. */
function waitsFor(kind: UserRow['kind']): 'limited' | 'sleeping' {
  return kind === 'waiter' ? 'limited' : 'sleeping'
}

export function userColumns(now: number, look: Look): readonly TableColumn<UserRow>[] {
  return [
    {
      title: 'PLACE',
      cell: (row) =>
        row.kind === 'holder' ? 'holds' : `${row.user.position}${row.user.aged ? ' aged' : ''}`,
      ...{ tone: (row) => (row.kind === 'holder' ? 'busy' : 'warn'), usual: 5 },
    },
    { title: 'RUN', cell: ({ user }) => user.run, usual: 12 },
    { title: 'JOB', cell: ({ user }) => user.job, shrinks: true, least: 8, usual: 8 },
    { title: 'STEP', cell: ({ user }) => user.path, shrinks: true, least: 8, drops: 3 },
    {
      title: 'STATE',
      cell: ({ kind, user }) => bareStateText(user.state, look, waitsFor(kind)),
      ...{ tone: ({ kind, user }) => bareStateTone(user.state, waitsFor(kind)), drops: 1 },
    },
    {
      title: 'FOR',
      cell: ({ user }) => (user.since === undefined ? '' : durationToken(now - user.since)),
      ...{ align: 'right', usual: 5 },
    },
    {
      title: 'WORKER',
      cell: (row) => (row.kind === 'holder' ? (row.user.worker ?? '') : ''),
      ...{ shrinks: true, least: 8, drops: 2 },
    },
  ]
}
