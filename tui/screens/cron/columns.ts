import { clockTime } from '../../../runtime/describe/clock-time.ts'
import { agoToken, durationToken } from '../../../runtime/describe/duration-token.ts'
import { ledgerDetail } from '../../../runtime/describe/ledger-text.ts'
import type { RunState } from '../../../runtime/model/run.ts'
import { lateFromMs } from '../../../runtime/store/schedules.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import { stateTones, type Tone } from '../../kit/tone.ts'
import type { ViewProps } from '../screen.ts'
import type { CronData } from './cron-data.ts'
import { outcomeStrip, outcomeText, outcomeTone } from './outcomes.ts'
import type { LedgerRow, ScheduleRow } from './rows.ts'

const stripWidth = 20
const narrowStrip = 10

export function scheduleColumns({
  look,
  now,
  size,
}: ViewProps<CronData>): readonly TableColumn<ScheduleRow>[] {
  const width = size.columns >= 100 ? stripWidth : narrowStrip
  return [
    { title: 'SCHEDULE', cell: ({ id }) => id, usual: 12, shrinks: true, least: 12, sort: 'name' },
    { title: 'CRON', cell: ({ schedule }) => schedule.spec.cron, usual: 9 },
    { title: 'ZONE', cell: ({ schedule }) => schedule.spec.timeZone, shrinks: true, least: 8, drops: 2 },
    {
      title: 'NEXT',
      cell: (row) => nextText(row, now),
      ...{ tone: nextTone, align: 'right', usual: 8, sort: 'next' },
    },
    {
      title: 'OUTCOMES',
      cell: ({ ledger }) => (ledger === undefined ? '' : outcomeStrip(ledger, width, look)),
      tone: ({ ledger }) => (ledger?.[0] === undefined ? 'dim' : outcomeTone(ledger[0])),
      usual: width,
    },
    {
      title: 'LAST RUN',
      cell: ({ lastRun }) => (lastRun === undefined ? '' : lastRunText(lastRun, now)),
      ...{ tone: lastRunTone, usual: 16, sort: 'last run' },
    },
    {
      title: 'MISSED',
      cell: ({ missed }) => (missed === 0 ? '' : missed),
      ...{ tone: () => 'bad', align: 'right', drops: 3, sort: 'missed' },
    },
    { title: 'JOB', cell: ({ schedule }) => schedule.spec.run.job, drops: 1, usual: 10 },
    {
      title: 'STATE',
      cell: ({ state }) => state,
      ...{ tone: () => 'warn', shrinks: true, least: 20, drops: 4 },
    },
  ]
}

/** How far away the next tick is, or by how much it is overdue. */
export function nextText({ schedule }: Pick<ScheduleRow, 'schedule'>, now: number): string {
  const { nextTick, overdueMs, paused, dropped } = schedule
  if (dropped !== undefined) return 'dropped'
  if (paused !== undefined) return 'paused'
  if (nextTick === undefined) return overdueMs > 0 ? 'not planned' : 'never'
  if (overdueMs >= lateFromMs) return `${durationToken(overdueMs)} overdue`
  return nextTick > now ? durationToken(nextTick - now) : 'now'
}

function nextTone({ schedule: { nextTick, overdueMs, paused, dropped } }: ScheduleRow): Tone {
  if (paused !== undefined || dropped !== undefined) return 'warn'
  if (overdueMs < lateFromMs) return 'plain'
  return nextTick === undefined ? 'warn' : 'bad'
}

function lastRunText({ state, changedAt }: NonNullable<ScheduleRow['lastRun']>, now: number): string {
  return state === undefined ? 'removed' : `${state} ${agoToken(changedAt, now)}`
}

function lastRunTone({ lastRun }: ScheduleRow): Tone {
  const state: RunState | undefined = lastRun?.state
  if (state === undefined) return 'dim'
  return state === 'waiting' ? 'warn' : stateTones[state]
}

export function ledgerColumns({ look, now }: ViewProps<CronData>): readonly TableColumn<LedgerRow>[] {
  return [
    { title: 'AGO', cell: ({ line }) => durationToken(now - line.at), align: 'right', usual: 6 },
    {
      title: 'OUTCOME',
      cell: ({ line }) => outcomeText(line, look),
      ...{ tone: ({ line }) => outcomeTone(line), usual: 11 },
    },
    {
      title: 'TICK',
      cell: ({ line: { tick, count } }) =>
        tick === undefined ? '' : `${clockTime(tick, now)}${count === undefined ? '' : ` +${count - 1}`}`,
      usual: 12,
    },
    { title: 'DETAIL', cell: ({ line }) => ledgerDetail(line), shrinks: true, least: 20 },
  ]
}
