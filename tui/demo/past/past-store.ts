import { Jobs } from '../../../runtime/client/client.ts'
import { type Clock, systemClock } from '../../../runtime/model/clock.ts'
import { openStore } from '../../../runtime/store/open-store.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import { Timeline } from './timeline.ts'

/** A store whose time is a timeline's. */
export interface PastStore {
  readonly timeline: Timeline
  readonly store: Store
  readonly jobs: Jobs
}

/**
 * Opens a store that is new, with a clock that stands at `begin`. Wall clock and elapsed time advance together, so that the
 * store sees no jump; when it is opened again with the host's clocks, the time between is time in which no process ran.
 */
export async function openPastStore(url: string, begin: number): Promise<PastStore> {
  const timeline = new Timeline(begin)
  const now = (): number => timeline.now
  const config = parseStoreConfig(url)
  const clock = pastClock(timeline)
  const store = await openStore(config, { clock, storeNow: now, storeElapsed: clock.elapsed })
  return { timeline, store, jobs: new Jobs(store, config, [], clock) }
}

/** For clients in the past: a pause there costs no time. */
function pastClock(timeline: Timeline): Clock {
  return {
    ...systemClock,
    now: () => timeline.now,
    elapsed: () => timeline.now - timeline.begin,
    after: (_, run) => {
      const timer = setImmediate(run)
      return () => clearImmediate(timer)
    },
  }
}
