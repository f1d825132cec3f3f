import type { EventLog, OperationEvent, RunEvent, StoreEvent } from '../../runtime/store/events.ts'
import type { Store } from '../../runtime/store/store.ts'

/** The largest page. */
export const maxEvents = 1_000

interface Part {
  readonly after?: string
  readonly limit?: number
}

/** A page of transitions. */
export async function readRunEvents(
  store: Store,
  { limit = maxEvents, ...part }: Part = {},
): Promise<RunEvent[]> {
  const { events } = await store.events({ log: 'runs', limit, ...part })
  return events.filter((event) => event.kind === 'run')
}

/** A page of operations. */
export async function readOperations(
  store: Store,
  { limit = maxEvents, ...part }: Part = {},
): Promise<OperationEvent[]> {
  const { events } = await store.events({ log: 'operations', limit, ...part })
  return events.filter((event) => event.kind === 'operation')
}

/** All events after a cursor, page by page, and whether there was a gap. */
export async function readAllEvents(
  store: Store,
  {
    after,
    limit = maxEvents,
    log,
  }: { readonly after: string; readonly limit?: number; readonly log?: EventLog },
): Promise<{ readonly events: readonly StoreEvent[]; readonly gap: boolean; readonly cursor: string }> {
  const events: StoreEvent[] = []
  let gap = false
  for (let cursor = after; ; ) {
    const page = await store.events({ after: cursor, limit, ...(log === undefined ? {} : { log }) })
    if (page.events.length > limit) throw new Error(`the page has ${page.events.length} events`)
    if (page.gap) gap = true
    if (page.events.length === 0) return { events, gap, cursor: page.cursor }
    events.push(...page.events)
    cursor = page.cursor
    if (events.length > 1_000_000) throw new Error('the cursors lead round in a circle')
  }
}

/** The number in a cursor. */
export function numberIn(cursor: string): number {
  return Number(cursor.slice(cursor.lastIndexOf('-') + 1))
}
