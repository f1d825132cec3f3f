import type { JournalEntry } from '../../../runtime/model/journal.ts'
import { isEnd } from '../../../runtime/model/run.ts'
import type { RunId } from '../../../runtime/model/run-id.ts'
import type { StepPath } from '../../../runtime/model/step-path.ts'
import type { HistoryEntry, Inspector, RunDetails } from '../../../runtime/store/store.ts'
import { goesOn } from '../run/journal-data.ts'
import type { ReadRequest } from '../screen.ts'

/** The known data of one step of a run: its whole entries. */
export interface StepData {
  readonly path: StepPath
  /** Left out: no run has this id. */
  readonly run?: RunDetails
  readonly history: readonly HistoryEntry[]
  readonly entries: readonly JournalEntry[]
  /** Position up to which they were read. */
  readonly searched: number
  readonly isPartial: boolean
}

const pageEntries = 500
const maxPages = 4

/** What a place about a step is about: a run's id has no space. */
export function stepOf(subject: string): { readonly id: RunId; readonly path: StepPath } {
  const at = subject.indexOf(' ')
  return at === -1 ? { id: subject, path: '' } : { id: subject.slice(0, at), path: subject.slice(at + 1) }
}

/** Reads the step's entries, and then those that came at the journal's end. */
export async function loadStep(
  inspector: Pick<Inspector, 'run' | 'history' | 'journal'>,
  { subject = '' }: Pick<ReadRequest, 'subject'>,
  before: StepData | undefined,
): Promise<StepData> {
  const { id, path } = stepOf(subject)
  const run = await inspector.run(id)
  if (run === undefined) return { path, history: [], entries: [], searched: 0, isPartial: false }
  if (before !== undefined && !before.isPartial && isResting(run, before.run)) return before
  const history = await inspector.history(id)
  const known = before !== undefined && goesOn(before.history, history) ? before : undefined
  const entries = [...(known?.entries ?? [])]
  let searched = known?.searched ?? 0
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await inspector.journal(id, { after: searched, limit: pageEntries, path })
    entries.push(...page)
    searched = page.at(-1)?.position ?? searched
    if (page.length < pageEntries) {
      // The record was read before the journal: all up to its position has been searched.
      return { path, run, history, entries, searched: Math.max(searched, run.position), isPartial: false }
    }
  }
  return { path, run, history, entries, searched, isPartial: true }
}

function isResting(run: RunDetails, before: RunDetails | undefined): boolean {
  return isEnd(run.state) && run.state === before?.state && run.changedAt === before.changedAt
}
