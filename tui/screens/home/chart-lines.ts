import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { aboutDuration } from '../../../runtime/model/about-duration.ts'
import { leaderRole } from '../../../runtime/store/terms.ts'
import { type Span, span } from '../../kit/span.ts'
import type { ViewProps } from '../screen.ts'
import { backlogOf, type HomeData, type Latency, latencyOf, ratesOf, rateText, statisticsOf } from './rates.ts'
import { fleetSummary } from './rows.ts'

/** The numbers of Home, a line of spans each. */
type Lines = readonly (readonly Span[])[]

export function rateLines(props: ViewProps<HomeData>): Lines {
  const { started, completed, failed } = ratesOf(props)
  return [
    [span(`started ${rateText(started)}`)],
    [
      span(`done ${rateText(completed)}  `),
      span(`failed ${rateText(failed)}`, failed > 0 ? 'bad' : 'plain'),
    ],
  ]
}

export function latencyLines(props: ViewProps<HomeData>): Lines {
  const statistics = statisticsOf(props)
  return [
    [span(`wait ${latencyText(latencyOf(statistics, 'wait'))}`)],
    [span(`run  ${latencyText(latencyOf(statistics, 'run'))}`)],
  ]
}

/** Estimates, as `~` says. */
function latencyText({ p50, p95 }: Latency): string {
  if (p50 === undefined || p95 === undefined) return 'nothing counted'
  return `p50 ${aboutDuration(p50)} p95 ${aboutDuration(p95)}`
}

export function backlogLines(props: ViewProps<HomeData>): Lines {
  const backlog = backlogOf(statisticsOf(props))
  const { up, down } = props.look.glyphs
  if (backlog === undefined) return [[span('reading', 'dim')]]
  const { now, perMinute, drainsInMs } = backlog
  const slope =
    perMinute === undefined || Math.abs(perMinute) < 0.05
      ? ''
      : ` ${perMinute > 0 ? `${up} +` : `${down} `}${Math.abs(perMinute) >= 10 ? Math.round(perMinute) : perMinute.toFixed(1)}/min`
  const drain = drainsInMs === undefined ? '' : `drained in ${aboutDuration(drainsInMs)}`
  const grows = perMinute !== undefined && perMinute >= 0.05 && now > 0
  return [
    [span(`${now.toLocaleString('en')} runs`), span(slope, grows ? 'warn' : 'plain')],
    [grows ? span('grows', 'warn') : span(drain, 'dim')],
  ]
}

export function fleetLines({ fleet, look, now }: ViewProps<HomeData>, width: number): Lines {
  if (fleet.overview === undefined) return [[span(' reading', 'dim')]]
  const { working, draining, lost, slots, taken, mixed } = fleetSummary(fleet)
  const { glyphs } = look
  const leader = fleet.overview.leaders.find(({ role }) => role === leaderRole)
  const [first] = lost
  return [
    [
      span(` ${glyphs.live} ${working} working`, working > 0 ? 'good' : 'bad'),
      span(draining > 0 ? `  ${glyphs.draining} ${draining} draining` : '', 'warn'),
    ],
    slotSpans(taken, slots, { glyphs, width }),
    ...(first === undefined
      ? []
      : [[span(` ${glyphs.lost} ${lost.length} lost: ${first.name}, silent for ${durationToken(first.seenAgoMs)}`, 'bad')]]),
    ...(mixed === undefined
      ? []
      : [[span(` deploy ${mixed.job}: ${mixed.versions.map(([version, count]) => `v${version} ×${count}`).join('  ')}`)]]),
    leader?.worker === undefined
      ? [span(` ${glyphs.leader} no leader`, slots > 0 ? 'bad' : 'dim')]
      : [span(` ${glyphs.leader} ${leader.worker} leads for ${durationToken(now - leader.since)}`, 'dim')],
  ]
}

function slotSpans(
  taken: number,
  slots: number,
  { glyphs, width }: { readonly glyphs: ViewProps<HomeData>['look']['glyphs']; readonly width: number },
): readonly Span[] {
  const bar = Math.max(0, Math.min(16, width - 22))
  const full = slots === 0 ? 0 : Math.round((taken / slots) * bar)
  return [
    span(' slots '),
    span(glyphs.full.repeat(full), 'busy'),
    span(glyphs.empty.repeat(bar - full), 'dim'),
    span(` ${taken}/${slots}`),
  ]
}
