import type { Place, ScreenName, Target } from './place.ts'

/**
 * Every visited place, in order, and which one is shown. `[` and `]` walk through them, esc goes to the place that this
 * one was opened from, `-` to the previous one.
 */
export interface Places {
  /** Never empty; the oldest first. */
  readonly visited: readonly Place[]
  /** Number of the shown one in `visited`. */
  readonly shown: number
  /** Id of the place that was shown before. */
  readonly before?: number
  readonly nextId: number
}

const maxVisited = 50

export function placesAt(target: Target): Places {
  return { visited: [newPlace(target, 0)], shown: 0, nextId: 1 }
}

export function shownPlace({ visited, shown }: Places): Place {
  const place = visited[shown]
  if (place === undefined) throw new Error(`no place ${shown} of ${visited.length}`)
  return place
}

/** Replaces the shown place with a changed one. */
export function withPlace(places: Places, change: Partial<Omit<Place, 'id' | 'screen'>>): Places {
  const visited = places.visited.map((place, i) => (i === places.shown ? { ...place, ...change } : place))
  return { ...places, visited }
}

/** Drills down from the shown place; the places of `]` are dropped. */
export function opened(places: Places, target: Target): Places {
  return visitedToo(places, { ...newPlace(target, places.nextId), parent: shownPlace(places).id })
}

/** Goes to a screen by its digit, in its last state. */
export function switched(places: Places, screen: ScreenName): Places {
  const here = shownPlace(places)
  if (here.screen === screen && here.parent === undefined) return places
  const last = places.visited.findLast((place) => place.screen === screen && place.parent === undefined)
  return visitedToo(places, { ...(last ?? newPlace({ screen }, 0)), id: places.nextId })
}

/** Where esc leads; undefined at a root. */
export function wentBack(places: Places): Places | undefined {
  const { parent } = shownPlace(places)
  if (parent === undefined) return undefined
  const at = places.visited.findIndex(({ id }) => id === parent)
  // Its parent was visited so long ago that it was dropped.
  return at === -1 ? switched(places, 'home') : shownAt(places, at)
}

/** One place earlier or later in the history; undefined at its ends. */
export function walked(places: Places, by: -1 | 1): Places | undefined {
  const at = places.shown + by
  return at < 0 || at >= places.visited.length ? undefined : shownAt(places, at)
}

/** Returns to the previously shown place; undefined if there is none. */
export function toggled(places: Places): Places | undefined {
  const at = places.visited.findIndex(({ id }) => id === places.before)
  return at === -1 ? undefined : shownAt(places, at)
}

/** From the root to the shown place: shown in line 1. */
export function trailOf(places: Places): readonly Place[] {
  const trail = [shownPlace(places)]
  for (;;) {
    const parent = trail[0]?.parent
    const place = places.visited.find(({ id }) => id === parent)
    if (parent === undefined || place === undefined) return trail
    trail.unshift(place)
  }
}

function shownAt(places: Places, at: number): Places {
  return { ...places, shown: at, before: shownPlace(places).id }
}

function visitedToo(places: Places, place: Place): Places {
  const visited = [...places.visited.slice(0, places.shown + 1), place].slice(-maxVisited)
  return {
    visited,
    shown: visited.length - 1,
    before: shownPlace(places).id,
    nextId: places.nextId + 1,
  }
}

function newPlace({ screen, subject, filter = '', row }: Target, id: number): Place {
  return {
    ...{ id, screen, filter, openedWith: filter, marks: new Set(), all: false, own: {} },
    ...(subject === undefined ? {} : { subject }),
    cursors: row === undefined ? {} : { '': { id: row, line: 0, index: 0 } },
  }
}
