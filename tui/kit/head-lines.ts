import { durationToken } from '../../runtime/describe/duration-token.ts'
import { leaderRole } from '../../runtime/store/terms.ts'
import type { AppState } from '../app/app-state.ts'
import { screenNames } from '../app/place.ts'
import { shownPlace, trailOf } from '../app/places.ts'
import type { AlarmCount } from '../fleet/alarm-count.ts'
import type { Screens } from '../screens/screen.ts'
import { type Span, span, spread, widthOf } from './span.ts'

/** The two lines on top: the store and its state, then the screens. */

export function statusLine(state: AppState, screens: Screens): readonly Span[] {
  const { environment, size } = state
  const bar = span(` ${environment.look.glyphs.separator} `, 'dim')
  const right = rightSpans(state)
  const trail = trailSpans(state, screens)
  const head = [span(' jobs', 'title'), bar, ...connectionSpans(state), bar]
  const tail = (leader: readonly Span[]): readonly Span[] =>
    [...leader, ...trail].flatMap((one) => [bar, one])
  const roomFor = (leader: readonly Span[]): number =>
    size.columns - widthOf([...head, ...tail(leader), ...right]) - 1
  // On a narrow terminal the leader is dropped before the path.
  const leader = roomFor(leaderSpans(state)) < leastName ? [] : leaderSpans(state)
  const name = nameSpan(environment, Math.max(leastName, roomFor(leader)))
  return spread([...head, name, ...tail(leader)], right, size.columns)
}

const leastName = 16

/** The end of an address is more specific than its begin. */
function nameSpan({ name, address, isProduction, look }: AppState['environment'], width: number): Span {
  const text = name ?? address
  const short = text.length <= width ? text : `${look.glyphs.ellipsis}${text.slice(1 - width)}`
  return environmentSpan(short, isProduction)
}

function rightSpans(state: AppState): readonly Span[] {
  const { environment } = state
  return [
    ...frozenSpans(state),
    environment.write ? span(`WRITE as ${environment.operator}`, 'warn') : span('READ-ONLY', 'dim'),
    span(` ${clockText(state)} `),
  ]
}

/** Shown by a word as well: the color may be missing. */
function environmentSpan(name: string, isProduction: boolean): Span {
  return isProduction ? { ...span(` PROD ${name} `, 'bad'), inverse: true } : span(name)
}

const silentMs = 3_000

function connectionSpans({ fleet, now, environment, frozen }: AppState): readonly Span[] {
  const { glyphs } = environment.look
  const { connection } = fleet
  switch (connection.kind) {
    case 'connecting':
      return [span(`${glyphs.offline} connecting`, 'dim')]
    case 'live': {
      const silent = now - connection.at
      if (silent > silentMs) return [span(`${glyphs.offline} no reply for ${durationToken(silent)}`, 'warn')]
      return [
        span(glyphs.live, frozen ? 'dim' : 'good'),
        span(` live ${durationToken(connection.latencyMs)}`),
      ]
    }
    case 'offline':
    case 'newer':
    case 'forbidden': {
      const left = Math.max(0, Math.ceil((connection.retryAt - now) / 1_000))
      const word = { offline: 'offline', newer: 'newer store', forbidden: 'no permission' }[connection.kind]
      const retry = `${durationToken(now - connection.since)}, retry in ${left}s (${connection.attempt})`
      return [span(`${glyphs.offline} ${word} ${retry}`, 'bad')]
    }
  }
}

function leaderSpans({ fleet, environment }: AppState): readonly Span[] {
  const leader = fleet.overview?.leaders.find(({ role }) => role === leaderRole)
  if (leader === undefined || fleet.overview === undefined) return []
  const { glyphs } = environment.look
  return leader.worker === undefined
    ? [span(`${glyphs.leader} no leader`, 'warn')]
    : [span(`${glyphs.leader} ${leader.worker}`, 'dim')]
}

/** From the root to here, where this is no root. */
function trailSpans(state: AppState, screens: Screens): readonly Span[] {
  const trail = trailOf(state.places)
  if (trail.length < 2) return []
  const { glyphs } = state.environment.look
  const names = trail.map(({ screen, subject }) => subject ?? screens[screen]?.title ?? screen)
  return [span(names.join(` ${glyphs.into} `))]
}

function frozenSpans({ frozen, now }: AppState): readonly Span[] {
  return frozen === undefined ? [] : [span(`FROZEN ${durationToken(now - frozen.at)} `, 'warn')]
}

function clockText({ now, fleet }: AppState): string {
  return `${new Date(now + fleet.aheadMs).toISOString().slice(11, 19)}Z`
}

/** The screens with their digits and alarms; abbreviated on a narrow terminal, so that all of them fit. */
export function screensLine(state: AppState, screens: Screens): readonly Span[] {
  const { columns } = state.size
  const shown = tabsOf(state, screens)
  const wide = { name: (tab: Tab) => tab.title, gap: ' ', hint: ': command  ? keys ' }
  const layouts: readonly TabLayout[] = [
    wide,
    { ...wide, name: ({ short }) => short, hint: '? keys ' },
    { name: ({ short }) => short, gap: '', hint: '' },
    { name: ({ short }) => short.slice(0, 3), gap: '', hint: '' },
  ]
  const lines = layouts.map((layout) => ({
    left: [span(' '), ...shown.flatMap((tab) => tabSpans(tab, layout))],
    right: [span(layout.hint, 'dim')],
  }))
  const fitting = lines.find(({ left, right }) => widthOf(left) + widthOf(right) <= columns) ?? lines.at(-1)
  return fitting === undefined ? [] : spread(fitting.left, fitting.right, columns)
}

interface Tab {
  readonly digit: number
  readonly title: string
  readonly short: string
  readonly alarms: AlarmCount
  readonly isShown: boolean
}

interface TabLayout {
  readonly name: (tab: Tab) => string
  /** Beside the brackets of the shown one, or the spaces in their place. */
  readonly gap: string
  readonly hint: string
}

function tabsOf(state: AppState, screens: Screens): readonly Tab[] {
  const root = trailOf(state.places)[0]?.screen ?? shownPlace(state.places).screen
  return screenNames.slice(0, 9).flatMap((name, i): Tab[] => {
    const screen = screens[name]
    if (screen === undefined) return []
    const { title, short = title } = screen
    const alarms = screen.alarms?.((state.frozen ?? state).fleet) ?? 0
    return [{ digit: i + 1, title, short, alarms, isShown: root === name }]
  })
}

function tabSpans(tab: Tab, { name, gap }: TabLayout): readonly Span[] {
  const { digit, alarms, isShown } = tab
  const text = `${digit} ${name(tab)}`
  return [
    isShown ? span(`[${text}`, 'title') : span(`${gap}${text}`, 'dim'),
    span(alarms === 0 ? '' : `!${alarms}`, 'bad'),
    isShown ? span(gap === '' ? '] ' : ']', 'title') : span(' '),
  ]
}
