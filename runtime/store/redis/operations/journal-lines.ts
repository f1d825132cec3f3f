import type { RunId } from '../../../model/run-id.ts'
import type { JournalLine } from '../../plan-retry.ts'
import { decodeLine, isDropped } from '../journal-entry.ts'
import type { ScriptCalls } from '../script-calls.ts'

/** The approximate amount of journals that one call reads. */
const bytesPerRead = 1_048_576
const journalsPerRead = 50

/** Reads the parts of journals that plans of retries need, by run. Each call is bounded; long journals take several. */
export async function journalLines(
  calls: ScriptCalls,
  ids: readonly RunId[],
): Promise<ReadonlyMap<RunId, readonly JournalLine[]>> {
  const lines = new Map<RunId, JournalLine[]>(ids.map((id) => [id, []]))
  let unread = ids.map((id) => ({ id, from: 0 }))
  while (unread.length > 0) {
    const part = unread.slice(0, journalsPerRead)
    const keys = part.map(({ id }) => calls.keys.journal(id))
    const args = [bytesPerRead, ...part.map(({ from }) => from)]
    const reply = (await calls.run('read-journal-heads', args, keys)) as [number, ...Buffer[]][]
    const unfinished = part.flatMap(({ id, from }, i) => {
      const [more = 1, ...heads] = reply[i] ?? []
      for (const [n, head] of heads.entries()) {
        if (!isDropped(head)) lines.get(id)?.push(decodeLine(head, from + n + 1))
      }
      return more === 1 ? [{ id, from: from + heads.length }] : []
    })
    unread = [...unfinished, ...unread.slice(journalsPerRead)]
  }
  return lines
}
