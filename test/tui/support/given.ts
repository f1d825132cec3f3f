import type { Finding } from '../../../runtime/attention/finding.ts'
import type { Run } from '../../../runtime/model/run.ts'
import type { Overview } from '../../../runtime/store/overview.ts'
import type { AppEvent } from '../../../tui/app/app-event.ts'
import type { AppState, Environment, Step } from '../../../tui/app/app-state.ts'
import type { AppDeps } from '../../../tui/app/deps.ts'
import type { Target } from '../../../tui/app/place.ts'
import { shownPlace } from '../../../tui/app/places.ts'
import { inputOf, requestKey, requestOf } from '../../../tui/app/shown.ts'
import { step } from '../../../tui/app/step.ts'
import { beginState } from '../../../tui/begin-state.ts'
import { unknownFleet } from '../../../tui/fleet/fleet.ts'
import type { FleetView } from '../../../tui/fleet/fleet-view.ts'
import { lookOf } from '../../../tui/kit/look.ts'
import type { ScreenInput, Size } from '../../../tui/screens/screen.ts'
import { screens } from '../../../tui/screens/screens.ts'
import { now, snapshot } from '../../support/snapshot.ts'

/** The initial state of tests of screens and of the app. */

export const deps: AppDeps = { screens, verbs: {} }

const environment: Environment = {
  ...{ isProduction: false, address: 'sqlite:jobs.db', write: false, operator: 'ana@host' },
  look: lookOf({ ascii: false }),
}

/** A fleet that was read a moment ago. */
export function fleetOf(over: Partial<Overview> = {}, rest: Partial<FleetView> = {}): FleetView {
  return {
    ...unknownFleet,
    connection: { kind: 'live', latencyMs: 2, at: now },
    ...{ overview: snapshot(over).overview, isLooking: false },
    ...rest,
  }
}

export interface StateOptions {
  readonly target?: Target
  readonly size?: Size
  readonly fleet?: FleetView
  /** The result of the read of the shown screen. */
  readonly data?: unknown
  readonly environment?: Partial<Environment>
}

export function stateOf(options: StateOptions = {}): AppState {
  const { target = { screen: 'home' }, size = { columns: 80, rows: 24 }, fleet = fleetOf(), data } = options
  const begun = { ...beginState({ ...environment, ...options.environment }, target, size, now), fleet }
  if (data === undefined) return begun
  const request = requestKey(requestOf(begun, screens))
  return { ...begun, data: new Map([[shownPlace(begun.places).id, { data, request }]]) }
}

/** The input of a screen; `Data` is the screen's. */
export function screenInput<Data>(options: StateOptions & { readonly data?: Data }): ScreenInput<Data> {
  return inputOf(stateOf(options)) as ScreenInput<Data>
}

/** Presses keys, each in a separate read; text is pressed letter by letter. */
export function pressed(state: AppState, ...names: readonly string[]): AppState {
  return names.reduce((before, name, i) => stepped(before, keyEvent(name, i + 1)).state, state)
}

export function typed(state: AppState, text: string): AppState {
  return pressed(state, ...text)
}

export function stepped(state: AppState, event: AppEvent, with_: AppDeps = deps): Step {
  return step(state, event, with_)
}

export function keyEvent(name: string, read = 1): AppEvent {
  const text = name === 'space' ? ' ' : name
  const key = [...text].length === 1 ? { name: name === ' ' ? 'space' : name, text } : { name }
  return { kind: 'key', key, read }
}

export function runOf(id: string, over: Partial<Run> = {}): Run {
  return {
    ...{ id, job: 'pay', version: 1, queue: 'default', priority: 0, tags: [], headers: {} },
    ...{ attempt: 1, losses: 0, enqueuedAt: now - 60_000, changedAt: now - 60_000, position: 0 },
    state: 'ready',
    ...over,
  } as Run
}

export function findingOf(id: string, over: Partial<Finding> = {}): Finding {
  const [kind = ''] = id.split(':')
  return {
    ...{
      id,
      kind,
      severity: 'warning',
      since: now - 60_000,
      sentence: `about ${id}`,
      next: 'durable-jobs runs',
    },
    ...over,
  }
}
