import { clockTime } from '../../../runtime/describe/clock-time.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { ledgerDetail, tickText } from '../../../runtime/describe/ledger-text.ts'
import { lateFromMs, type ScheduleInfo } from '../../../runtime/store/schedules.ts'
import { leaderRole } from '../../../runtime/store/terms.ts'
import type { FleetView } from '../../fleet/fleet-view.ts'
import { fieldLine } from '../../kit/field-line.ts'
import { type Span, span } from '../../kit/span.ts'
import type { Tone } from '../../kit/tone.ts'
import { type TickTime, tickTimes } from '../../text/tick-times.ts'
import type { ViewProps } from '../screen.ts'
import { nextText } from './columns.ts'
import type { CronData } from './cron-data.ts'
import { outcomeLegend, outcomeText, outcomeTone } from './outcomes.ts'
import type { ScheduleRow } from './rows.ts'

type Lines = readonly (readonly Span[])[]

/**
 * The details of the schedule under the cursor: why it is stopped, its next ticks, its settings, the outcomes of its
 * ticks.
 */
export function scheduleDetail(row: ScheduleRow, props: ViewProps<CronData>): Lines {
  return [
    ...stateLines(row, props),
    ...tickLines(row, props),
    ...lastLines(row, props),
    ...ruleLines(row),
    [span(` ${outcomeLegend(props.look)}`, 'dim')],
  ]
}

function stateLines({ state, schedule }: ScheduleRow, { now, fleet }: ViewProps<CronData>): Lines {
  const { overdueMs, nextTick } = schedule
  const why = overdueMs >= lateFromMs && !isLed(fleet) ? ': no worker leads, so no schedule fires' : ''
  const overdue =
    overdueMs > 0 && nextTick !== undefined
      ? [[span(` the tick of ${clockTime(nextTick, now)} is ${nextText({ schedule }, now)}${why}`, 'bad')]]
      : []
  return [...(state === '' ? [] : [[span(` ${state}`, 'warn')]]), ...overdue]
}

function isLed({ overview }: FleetView): boolean {
  return overview?.leaders.some(({ role, worker }) => role === leaderRole && worker !== undefined) ?? true
}

function tickLines({ id, schedule }: ScheduleRow, { data, now }: ViewProps<CronData>): Lines {
  if (data?.ticks?.schedule !== id) return [fieldLine('next', span('reading', 'dim'))]
  if (data.ticks.fires.length === 0) return [fieldLine('next', 'never again')]
  const ticks = tickTimes(data.ticks.fires, data.zone, now)
  // For a stopped schedule they are hypothetical.
  const tone = schedule.paused === undefined && schedule.dropped === undefined ? 'plain' : 'dim'
  return ticks.map((tick, i) => fieldLine(i === 0 ? 'next' : '', ...tickSpans(tick, tone)))
}

function tickSpans({ distance, zone, local, clockChange }: TickTime, tone: Tone): readonly Span[] {
  return [
    span(`${distance.padEnd(9)} ${zone}`, tone),
    span(local === undefined ? '' : `  here ${local}`, 'dim'),
    span(clockChange === undefined ? '' : `  ${clockChange}`, 'warn'),
  ]
}

function lastLines({ lastRun, ledger, missed }: ScheduleRow, { now, look }: ViewProps<CronData>): Lines {
  const last = ledger?.[0]
  return [
    ...(lastRun === undefined
      ? []
      : [
          fieldLine(
            'last run',
            `${lastRun.id} ${lastRun.state ?? 'removed'}`,
            lastRun.state === undefined ? '' : ` for ${durationToken(now - lastRun.changedAt)}`,
          ),
        ]),
    ...(last === undefined
      ? []
      : [
          fieldLine(
            'last line',
            span(outcomeText(last, look).trim(), outcomeTone(last)),
            ` ${[tickText(last), ledgerDetail(last)].filter(Boolean).join(', ')}`,
          ),
        ]),
    ...(missed === 0 ? [] : [fieldLine('missed', span(`${missed} of its last ticks`, 'bad'))]),
  ]
}

function ruleLines({ schedule }: ScheduleRow): Lines {
  const { spec, origin, revision, queued } = schedule
  const { run, cron, timeZone, overlap, missed, cap, jitterMs } = spec
  const jitter = jitterMs === 0 ? '' : `, up to ${durationToken(jitterMs)} of jitter`
  return [
    fieldLine('runs', `${run.job} v${run.version} in queue ${run.queue}`),
    fieldLine('pattern', `${cron} in ${timeZone}${jitter}`),
    fieldLine('overlap', `${overlap}; missed: ${missed}${capText({ overlap, missed, cap })}`),
    fieldLine('from', `${origin === 'code' ? 'the code of its job' : 'schedules.put'}, revision ${revision}`),
    ...(queued.length === 0
      ? []
      : [
          fieldLine(
            'queued',
            queued.map((tick) => tickText({ n: 0, at: tick, outcome: 'queued', tick })).join(', '),
          ),
        ]),
  ]
}

/** The cap matters only to those that keep ticks. */
function capText({ overlap, missed, cap }: Pick<ScheduleInfo['spec'], 'overlap' | 'missed' | 'cap'>): string {
  return overlap === 'queue' || missed === 'all' ? `; at most ${cap} ticks` : ''
}
