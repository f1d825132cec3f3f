import type { AppState, Environment } from './app/app-state.ts'
import type { Target } from './app/place.ts'
import { placesAt } from './app/places.ts'
import { unknownFleet } from './fleet/fleet.ts'
import type { Size } from './screens/screen.ts'

/** Returns the state before the first event. */
export function beginState(environment: Environment, target: Target, size: Size, now: number): AppState {
  return {
    ...{ environment, size, now },
    places: placesAt(target),
    mode: { kind: 'browse' },
    range: '5m',
    fleet: unknownFleet,
    data: new Map(),
    toasts: [],
    log: [],
    quitting: false,
  }
}
