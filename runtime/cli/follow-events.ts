import { type Clock, pause, systemClock } from '../model/clock.ts'
import type { EventPage, EventQuery } from '../store/events.ts'
import type { Inspector } from '../store/store.ts'

type EventSource = Pick<Inspector, 'events' | 'onChange'>

/** New events are read at most this often, and without a hint at least this often. */
const minReadMs = 200
const maxReadMs = 1_000
const maxPage = 1_000

/** Reads on from a cursor as events come, page by page, until `signal` aborts. */
export async function followEvents(
  inspector: EventSource,
  { after, log }: Required<Pick<EventQuery, 'after'>> & Pick<EventQuery, 'log'>,
  show: (page: EventPage) => void,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  let hint = new AbortController()
  const unsubscribe = inspector.onChange(() => hint.abort())
  const part = log === undefined ? {} : { log }
  try {
    for (let cursor = after; !signal.aborted; ) {
      hint = new AbortController()
      const page = await inspector.events({ after: cursor, limit: maxPage, ...part })
      if (page.events.length > 0 || page.gap) show(page)
      cursor = page.cursor
      if (page.events.length === maxPage) continue
      await pause(clock, minReadMs, signal)
      await pause(clock, maxReadMs - minReadMs, AbortSignal.any([signal, hint.signal]))
    }
  } finally {
    unsubscribe()
  }
}
