import { type Clock, pause, systemClock } from '../model/clock.ts'
import type { EventPage, EventQuery } from '../store/events.ts'
import type { Inspector } from '../store/store.ts'
import { throughOutages } from './through-outages.ts'

type EventSource = Pick<Inspector, 'events' | 'onChange'>

/** New events are read at most this often, and without a hint at least this often. */
const minReadMs = 200
const maxReadMs = 1_000
const maxPage = 1_000

/** The receiver of the events. */
interface Follower {
  /** Called with each page, including empty ones. */
  readonly show: (page: EventPage) => void
  /** Called when the store becomes unavailable, and when it is back. */
  readonly tell: (text: string) => void
}

/**
 * Reads events after a cursor as they come, page by page, until `signal` aborts. Waits through outages of the store.
 */
export async function followEvents(
  inspector: EventSource,
  { after, log }: Required<Pick<EventQuery, 'after'>> & Pick<EventQuery, 'log'>,
  { show, tell }: Follower,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  let hint = new AbortController()
  const unsubscribe = inspector.onChange(() => hint.abort())
  const part = log === undefined ? {} : { log }
  try {
    for (let cursor = after; !signal.aborted; ) {
      hint = new AbortController()
      const read = (): Promise<EventPage> => inspector.events({ after: cursor, limit: maxPage, ...part })
      const page = await throughOutages(read, { signal, clock, tell })
      show(page)
      cursor = page.cursor
      if (page.events.length === maxPage) continue
      await pause(clock, minReadMs, signal)
      await pause(clock, maxReadMs - minReadMs, AbortSignal.any([signal, hint.signal]))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    unsubscribe()
  }
}
