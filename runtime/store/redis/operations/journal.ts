import type { JournalEntry, JournalOutline } from '../../../model/journal.ts'
import type { RunId } from '../../../model/run-id.ts'
import type { JournalPage, JournalQuery, LeaseId } from '../../store.ts'
import { chunks } from '../chunks.ts'
import { decodeEntry, isDropped } from '../journal-entry.ts'
import type { ScriptCalls } from '../script-calls.ts'

/** The part of a journal that a claim carries; the rest comes in pages. */
export const firstPageBytes: number = 256 * 1024
const pageBytes = 1024 * 1024
/** One read takes this many small ones. */
const entriesPerRead = 2_000

/** Returns entries after position `from`, at least one if there is one, about `bytes` at most. */
export async function readJournal(
  calls: ScriptCalls,
  lease: LeaseId,
  id: RunId,
  fence: number,
  from: number,
  bytes: number = pageBytes,
): Promise<JournalPage | 'gone'> {
  for (let after = from; ; ) {
    const args = [lease, id, fence, after, entriesPerRead, bytes]
    const reply = await calls.run('read-journal', args, [calls.keys.journal(id)])
    if (!Array.isArray(reply)) return 'gone'
    const [now, raw, left] = reply as [Buffer, Buffer[], number]
    const entries = raw.flatMap((entry, i) =>
      isDropped(entry) ? [] : [shownEntry(calls, decodeEntry(entry, after + i + 1, Number(now)))],
    )
    if (entries.length > 0 || left === 0) return { entries, more: left === 1 }
    after += raw.length
  }
}

/** For display: no fence, and the end of the list is the end. */
export async function journalEntries(
  calls: ScriptCalls,
  id: RunId,
  { after, limit, path }: JournalQuery,
): Promise<JournalEntry[]> {
  if (path !== undefined) return readParts(calls, id, { after, limit, path })
  const entries: JournalEntry[] = []
  const now = await calls.clock.now()
  for (let from = after; entries.length < limit; from += entriesPerRead) {
    const raw = await range(calls, id, from, entriesPerRead)
    for (const [i, entry] of raw.entries()) {
      if (isDropped(entry) || entries.length === limit) continue
      entries.push(shownEntry(calls, decodeEntry(entry, from + i + 1, now)))
    }
    if (raw.length < entriesPerRead) break
  }
  return entries
}

/** The values of steps stay in the server. */
export async function journalOutline(
  calls: ScriptCalls,
  id: RunId,
  page: Pick<JournalQuery, 'after' | 'limit'>,
): Promise<JournalOutline[]> {
  return (await readParts(calls, id, page)).map((entry) => {
    if (entry.phase !== 'done') return entry
    const { value: _, ...outline } = entry
    return outline
  })
}

/**
 * Returns entries after position `after`: whole ones of a step, or those of all steps, cut after the path if the entry
 * is the end of a completed step. Each call to the server is bounded; a long journal takes several.
 */
async function readParts(
  calls: ScriptCalls,
  id: RunId,
  { after, limit, path }: JournalQuery,
): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = []
  const now = await calls.clock.now()
  for (let from = after; entries.length < limit; ) {
    const args = [path ?? '', from, limit - entries.length, entriesPerRead, pageBytes]
    const reply = await calls.run('read-journal-parts', args, [calls.keys.journal(id)])
    const [inspected, more, found] = reply as [number, number, (number | Buffer)[]]
    for (const [position, entry] of chunks<[number, Buffer]>(found, 2)) {
      entries.push(shownEntry(calls, decodeEntry(entry, position, now)))
    }
    if (more === 0) break
    from += inspected
  }
  return entries
}

/** Entries of a journal as they are stored, from position `from` + 1 on. */
export async function range(calls: ScriptCalls, id: RunId, from: number, count: number): Promise<Buffer[]> {
  const reply = await calls.read('LRANGE', calls.keys.journal(id), from, from + count - 1)
  return reply as unknown as Buffer[]
}

function shownEntry(calls: ScriptCalls, entry: JournalEntry): JournalEntry {
  return { ...entry, at: calls.clock.shown(entry.at) }
}
