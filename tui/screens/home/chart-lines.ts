import { durationToken } from '../../../runtime/describe/duration-token.ts'
import { aboutDuration } from '../../../runtime/model/about-duration.ts'
import { leaderRole } from '../../../runtime/store/terms.ts'
import { type Span, span } from '../../kit/span.ts'
import { unreadText } from '../../kit/unread-text.ts'
import { rateToken } from '../../text/rate-text.ts'
import type { ViewProps } from '../screen.ts'
import { backlogOf, type HomeData, type Latency, latencyOf, ratesOf, statisticsOf } from './rates.ts'
import { fleetSummary } from './rows.ts'

/** The numbers of Home, a line of spans each. */
type Lines = readonly (readonly Span[])[]

const rangeNames = { '5m': '5 min', '1h': 'hour', '24h': '24 h' } as const

export function rateLines(props: ViewProps<HomeData>): Lines {
  if (props.fleet.overview === undefined) return [[span(unreadText(props.fleet), 'dim')]]
  const { completed } = ratesOf(props)
  return [[span(`done ${rateToken(completed)}`)], [span(`the last ${rangeNames[props.range]} (t)`, 'dim')]]
}

export function latencyLines(props: ViewProps<HomeData>): Lines {
  const statistics = statisticsOf(props)
  if (statistics === undefined) return [[span(unreadText(props.fleet), 'dim')]]
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
  if (backlog === undefined) return [[span(unreadText(props.fleet), 'dim')]]
  const { perMinute, drainsInMs } = backlog
  if (perMinute === undefined) return [[span('no trend known yet', 'dim')]]
  if (Math.abs(perMinute) < steady) return [[span('steady')]]
  const grows = perMinute > 0
  const pace = `${Math.abs(perMinute).toFixed(Math.abs(perMinute) >= 10 ? 0 : 1)}/min`
  return [
    [span(grows ? `${up} grows by ${pace}` : `${down} shrinks by ${pace}`, grows ? 'warn' : 'plain')],
    [span(drainsInMs === undefined ? '' : `drained in ${aboutDuration(drainsInMs)}`, 'dim')],
  ]
}

/** Per minute: a slower change is none. */
const steady = 0.05

export function fleetLines(
  { fleet, look, now }: Pick<ViewProps<HomeData>, 'fleet' | 'look' | 'now'>,
  width: number,
): Lines {
  if (fleet.overview === undefined) return [[span(unreadText(fleet), 'dim')]]
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
      : [
          [
            span(
              ` ${glyphs.lost} ${lost.length} lost: ${first.name}, silent for ${durationToken(first.seenAgoMs)}`,
              'bad',
            ),
          ],
        ]),
    ...(mixed === undefined
      ? []
      : [
          [
            span(
              ` deploy ${mixed.job}: ${mixed.versions.map(([version, count]) => `v${version} ×${count}`).join('  ')}`,
            ),
          ],
        ]),
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
  const full = slots === 0 ? 0 : Math.round(Math.min(1, taken / slots) * bar)
  return [
    span(' slots '),
    span(glyphs.full.repeat(full), 'busy'),
    span(glyphs.empty.repeat(bar - full), 'dim'),
    span(` ${taken}/${slots}`),
  ]
}
