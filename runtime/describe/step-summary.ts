import type { JournalEntry, JournalOutline, JournalPhase } from '../model/journal.ts'
import type { RunId } from '../model/run-id.ts'
import { hasBody, type StepKind } from '../model/step-kind.ts'
import type { StepPath } from '../model/step-path.ts'
import type { StoredError } from '../model/stored-error.ts'
import type { Inspector } from '../store/store.ts'

/** The state of one step: the last of its journal entries. */
export interface StepSummary {
  /** Names of its scopes and its own name, `scope/name[key]`. */
  readonly path: StepPath
  readonly kind: StepKind
  /**
   * - `done`, `failed`: it has ended
   * - `retrying`: a try failed; the next one begins after `remainingMs`
   * - `waiting`: a sleep that ends after `remainingMs`
   * - `intent`: an at-most-once body began, its end is not stored
   *
   * The end of its run leaves a step in its state; then nothing of it follows.
   */
  readonly state: JournalPhase
  /** So far. */
  readonly tries: number
  /** Of the last try; of a sleep or another wait, how long it lasted. */
  readonly durationMs: number
  readonly storedAt: number
  /** The code no longer calls it, as the last execution of the run found. */
  readonly orphan?: true
  /** Of a wait or a pause before the next try. */
  readonly remainingMs?: number
  readonly atMostOnce?: true
  /** Of the last try that failed. */
  readonly error?: StoredError
  /** Encoded. */
  readonly result?: Uint8Array
}

/** Of a step that was to be tried again when its run ended. */
export const noNextTry = 'no next try: the run has ended'

const pageSize = 500
const outlinePageSize = 5_000

type ReadPage = (after: number) => Promise<readonly (JournalEntry | JournalOutline)[]>

/** Returns the steps of a run in the order in which each was stored first. @param orphans Of that run. */
export function readSteps(
  inspector: Pick<Inspector, 'journal'>,
  id: RunId,
  orphans: readonly number[] = [],
): Promise<readonly StepSummary[]> {
  return collect((after) => inspector.journal(id, { after, limit: pageSize }), pageSize, orphans)
}

/** The same without their results. */
export function readStepOutlines(
  inspector: Pick<Inspector, 'journalOutline'>,
  id: RunId,
  orphans: readonly number[] = [],
): Promise<readonly Omit<StepSummary, 'result'>[]> {
  const limit = outlinePageSize
  return collect((after) => inspector.journalOutline(id, { after, limit }), limit, orphans)
}

async function collect(
  read: ReadPage,
  limit: number,
  orphans: readonly number[],
): Promise<readonly StepSummary[]> {
  const steps = new Map<StepPath, StepSummary>()
  const isOrphan = new Set(orphans)
  for (let after = 0; ; ) {
    const page = await read(after)
    for (const entry of page) {
      const step = summarize(entry, steps.get(entry.path))
      steps.set(entry.path, isOrphan.has(entry.position) ? { ...step, orphan: true } : step)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < limit) return [...steps.values()]
    after = last.position
  }
}

function summarize(entry: JournalEntry | JournalOutline, before: StepSummary | undefined): StepSummary {
  const pauses = entry.phase === 'waiting' || entry.phase === 'retrying'
  // The end of a wait is stored without a length: the wait lasted since the entry that began it.
  const waited = !hasBody(entry.kind) && before !== undefined ? entry.at - before.storedAt : 0
  const error = entry.phase === 'retrying' || entry.phase === 'failed' ? entry.error : before?.error
  return {
    path: entry.path,
    kind: entry.kind,
    state: entry.phase,
    tries: entry.attempt,
    durationMs: Math.max(entry.durationMs, waited),
    storedAt: entry.at,
    ...(pauses ? { remainingMs: entry.remainingMs } : {}),
    ...(entry.once === true || before?.atMostOnce ? { atMostOnce: true } : {}),
    ...(error === undefined ? {} : { error }),
    ...('value' in entry ? { result: entry.value } : {}),
  }
}
