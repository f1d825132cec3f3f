import type { JournalOutline } from '../../../runtime/model/journal.ts'
import type { RunId } from '../../../runtime/model/run-id.ts'
import type { StoredError } from '../../../runtime/model/stored-error.ts'
import type { HistoryEntry, Inspector } from '../../../runtime/store/store.ts'

/*
 * A run's journal as far as it was read.
 * J1  It only grows at its end, so a read continues after the last known position; a retry or a repair, which may have
 * dropped entries, makes it start over (`goesOn`).
 * J2  Values are not read, and stacks not kept: a journal may hold 64 MiB. The screen of a step reads that step's
 * values.
 */
export interface JournalData {
  readonly entries: readonly JournalOutline[]
  /** The last page was full: there is more. */
  readonly isPartial: boolean
}

export const emptyJournal: JournalData = { entries: [], isPartial: true }

const pageEntries = 5_000
/** Of one read. */
const maxPages = 2

/** Reads on, a few pages at most. */
export async function readOn(
  inspector: Pick<Inspector, 'journalOutline'>,
  id: RunId,
  { entries: known }: JournalData,
): Promise<JournalData> {
  const entries: JournalOutline[] = []
  for (let pages = 0; pages < maxPages; pages++) {
    const after = entries.at(-1)?.position ?? known.at(-1)?.position ?? 0
    const page = await inspector.journalOutline(id, { after, limit: pageEntries })
    for (const entry of page) entries.push(light(entry))
    if (page.length < pageEntries) {
      return { entries: entries.length === 0 ? known : [...known, ...entries], isPartial: false }
    }
  }
  return { entries: [...known, ...entries], isPartial: true }
}

/** J2. */
function light(entry: JournalOutline): JournalOutline {
  return entry.phase === 'failed' || entry.phase === 'retrying'
    ? { ...entry, error: lightError(entry.error) }
    : entry
}

function lightError({ name, message }: StoredError): StoredError {
  return { name, message }
}

/** Whether the part read when the run's history was `before` is still a begin of the journal. */
export function goesOn(before: readonly HistoryEntry[], now: readonly HistoryEntry[]): boolean {
  return lastDrop(before) === lastDrop(now)
}

/** Identifies the last event that may have dropped entries. */
function lastDrop(history: readonly HistoryEntry[]): string {
  const drops = history.filter(({ kind }) => kind === 'retry' || kind === 'repaired' || kind === 'unblocked')
  return JSON.stringify([drops.length, drops.at(-1)])
}
