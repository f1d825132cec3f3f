import { scheduleStateText } from '../../../runtime/describe/schedule-text.ts'
import { type LedgerLine, lateFromMs, type ScheduleInfo } from '../../../runtime/store/schedules.ts'
import { currentOf } from '../../app/list-window.ts'
import type { Jump, Place } from '../../app/place.ts'
import { formatFilter } from '../../text/format-filter.ts'
import { hasWords } from '../../text/has-words.ts'
import { type SortValues, sortedBy } from '../../text/sorted-by.ts'
import type { Row, ScreenInput } from '../screen.ts'
import type { CronData, LastRun } from './cron-data.ts'

export interface ScheduleRow extends Row {
  readonly schedule: ScheduleInfo
  /** The newest first; undefined until it is read. */
  readonly ledger: readonly LedgerLine[] | undefined
  readonly lastRun?: LastRun
  /** Of the lines that are known. */
  readonly missed: number
  /** Its unusual state: paused, dropped, waiting; '' for none. */
  readonly state: string
}

export interface LedgerRow extends Row {
  readonly line: LedgerLine
}

type Input = Pick<ScreenInput<CronData>, 'data' | 'place' | 'now'>

/** Overdue schedules first, then by the next tick; those that fire no more last. */
export function scheduleRows({ data, place, now }: Input): readonly ScheduleRow[] {
  if (data === undefined) return []
  const rows = data.schedules
    .map((schedule) => rowOf(schedule, data, now))
    .filter((row) => hasWords(textsOf(row), place.filter))
    .sort((a, b) => rank(a) - rank(b) || nextOf(a) - nextOf(b) || (a.id < b.id ? -1 : 1))
  return sortedBy(rows, place.sort, sortValues)
}

const sortValues: SortValues<ScheduleRow> = {
  next: (row) => (rank(row) === 2 ? undefined : -nextOf(row)),
  name: ({ id }) => id,
  missed: ({ missed }) => missed,
  'last run': ({ lastRun }) => lastRun?.changedAt,
}

function rank({ schedule: { overdueMs, paused, dropped, nextTick } }: ScheduleRow): 0 | 1 | 2 {
  if (paused !== undefined || dropped !== undefined) return 2
  if (overdueMs >= lateFromMs) return 0
  return nextTick === undefined ? 2 : 1
}

function nextOf({ schedule: { nextTick } }: ScheduleRow): number {
  return nextTick ?? Number.MAX_SAFE_INTEGER
}

function textsOf({ id, schedule, state }: ScheduleRow): readonly string[] {
  const { spec, last } = schedule
  const { job, queue } = spec.run
  return [id, `job:${job}`, `queue:${queue}`, spec.cron, spec.timeZone, state, last?.outcome ?? '']
}

function rowOf(schedule: ScheduleInfo, data: CronData, now: number): ScheduleRow {
  const { name, spec, paused } = schedule
  const ledger = data.ledgers.get(name)
  const lastRun = data.lastRuns.get(name)
  return {
    ...{ id: name, schedule, ledger, state: scheduleStateText(schedule, now) },
    missed: missedTicks(ledger ?? []),
    ...(lastRun === undefined ? {} : { lastRun }),
    thing: { kind: 'schedule', id: name, paused: paused !== undefined },
    target: { screen: 'runs', filter: formatFilter({ filter: { job: spec.run.job } }) },
    get jumps() {
      return jumpsOf(schedule, ledger ?? [])
    },
  }
}

function missedTicks(ledger: readonly LedgerLine[]): number {
  const missed = ledger.filter(({ outcome, why }) => outcome === 'skipped' && why === 'missed')
  return missed.reduce((sum, { count = 1 }) => sum + count, 0)
}

function jumpsOf({ spec }: ScheduleInfo, ledger: readonly LedgerLine[]): readonly Jump[] {
  const { job, queue } = spec.run
  const last = ledger.find(({ run }) => run !== undefined)?.run
  const other = ledger.find((line) => line.other !== undefined)?.other
  return [
    ...(last === undefined ? [] : [runJump(`its last run ${last}`, last)]),
    ...(other === undefined || other === last ? [] : [runJump(`the run in the way ${other}`, other)]),
    {
      label: `failed runs of ${job}`,
      target: { screen: 'runs', filter: formatFilter({ filter: { job, states: ['failed'] } }) },
    },
    { label: `queue ${queue}`, target: { screen: 'queues', row: queue } },
    { label: `workers that have ${job}`, target: { screen: 'workers', filter: `job:${job}` } },
  ]
}

function runJump(label: string, subject: string): Jump {
  return { label, target: { screen: 'run', subject } }
}

/** The schedule that the cursor is on, whichever list has the keys. */
export function currentSchedule(input: Input): ScheduleRow | undefined {
  return currentOf(scheduleRows(input), input.place, 'schedules')
}

/** The ledger of that schedule. */
export function ledgerRows(input: Input): readonly LedgerRow[] {
  const row = currentSchedule(input)
  return (row?.ledger ?? []).map((line) => {
    const { run, other } = line
    const jumps = [
      ...(run === undefined ? [] : [runJump(`run ${run}`, run)]),
      ...(other === undefined ? [] : [runJump(`the run in the way ${other}`, other)]),
    ]
    const target = run ?? other
    return {
      ...{ id: `${row?.id}\0${line.n}`, line, jumps },
      ...(target === undefined ? {} : { target: { screen: 'run', subject: target } as const }),
    }
  })
}

/** The list that has the keys. */
export function shownPane({ pane }: Place): 'schedules' | 'ledger' {
  return pane === 'ledger' ? 'ledger' : 'schedules'
}
