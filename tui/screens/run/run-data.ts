import type { Jobs } from '../../../runtime/client/client.ts'
import { nextStep } from '../../../runtime/describe/next-step.ts'
import { type Clock, systemClock } from '../../../runtime/model/clock.ts'
import { isEnd, type Run, type RunState } from '../../../runtime/model/run.ts'
import type { RunId } from '../../../runtime/model/run-id.ts'
import type { ExecutionInfo } from '../../../runtime/store/executions.ts'
import type { FailureGroup } from '../../../runtime/store/failures.ts'
import type { LinePlace } from '../../../runtime/store/limiters.ts'
import type { HistoryEntry, Inspector, RunDetails } from '../../../runtime/store/store.ts'
import type { ReadRequest } from '../screen.ts'
import { emptyJournal, goesOn, type JournalData, readOn } from './journal-data.ts'

/*
 * The known data of one run, by its id: read once a second to its end, and beyond, as it may be retried.
 * U1  If an ended run has not changed since the last read only its record is read: the rest is unchanged. Its sentences
 * say how long ago it ended, so they are read again from time to time.
 * U2  A read of a live run shows its current state, so everything is read each time, except the journal, which is read
 * from its end.
 */

export type RunData = KnownRun | UnknownRun

export interface KnownRun {
  readonly kind: 'known'
  readonly run: RunDetails
  /** By this host's clock. */
  readonly readAt: number
  readonly journal: JournalData
  /** Oldest first. */
  readonly history: readonly HistoryEntry[]
  /** Oldest first. */
  readonly executions: readonly ExecutionInfo[]
  readonly places: readonly LinePlace[]
  /** Why it is in its state, as of `toldAt`. */
  readonly sentences: readonly string[]
  /** By this host's clock. */
  readonly toldAt: number
  /** What a person can do about it; '' if it continues by itself. */
  readonly next: string
  /** The group that its error belongs to. */
  readonly failure?: FailureGroup
  /** The state that it entered at its end while the screen showed it. */
  readonly endedAs?: RunState
}

export interface UnknownRun {
  readonly kind: 'unknown'
  readonly id: RunId
  readonly sentences: readonly string[]
}

/** Reads for a place, going on from what is known of the run. */
export async function loadRun(
  jobs: Pick<Jobs, 'explain'> & { readonly inspector: Inspector },
  { subject: id = '', store }: Pick<ReadRequest, 'subject' | 'store'>,
  before: RunData | undefined,
  clock: Clock = systemClock,
): Promise<RunData> {
  const { inspector } = jobs
  const readAt = clock.now()
  const found = await inspector.run(id)
  const known = before?.kind === 'known' ? before : undefined
  if (found === undefined) return { kind: 'unknown', id, sentences: (await jobs.explain(id)).sentences }
  const run = withSameBytes(found, known?.run)
  if (known !== undefined && isEnd(run.state) && isSame(run, known.run))
    return resting(jobs, known, run, readAt)
  const [history, executions, places] = await Promise.all([
    inspector.history(id),
    inspector.executions(id),
    isEnd(run.state) ? [] : inspector.linePlaces(id),
  ])
  const journal = await readOn(
    inspector,
    id,
    known !== undefined && goesOn(known.history, history) ? known.journal : emptyJournal,
  )
  const failure = await failureOf(inspector, run, known)
  const endedAs = endSeen(run, known)
  const { sentences } = await jobs.explain(id)
  const isAsBefore = known !== undefined && isSameState(run, known.run) && isAlike(sentences, known.sentences)
  return {
    ...{ kind: 'known', run, readAt, toldAt: readAt, journal, history, executions, places, sentences },
    next: isAsBefore ? known.next : await nextStep(run, inspector, store === undefined ? {} : { store }),
    ...(failure === undefined ? {} : { failure }),
    ...(endedAs === undefined ? {} : { endedAs }),
  }
}

const retellMs = 5_000

/** U1. A long journal is still read on. */
async function resting(
  jobs: Pick<Jobs, 'explain'> & { readonly inspector: Inspector },
  known: KnownRun,
  run: RunDetails,
  readAt: number,
): Promise<KnownRun> {
  if (known.journal.isPartial) {
    return { ...known, run, readAt, journal: await readOn(jobs.inspector, run.id, known.journal) }
  }
  if (readAt - known.toldAt < retellMs) return known
  return { ...known, toldAt: readAt, sentences: (await jobs.explain(run.id)).sentences }
}

/** Its values are the same for good: with the same bytes, what was made of them needn't be made again. */
function withSameBytes(run: RunDetails, before: RunDetails | undefined): RunDetails {
  if (before === undefined) return run
  const input = same(run.input, before.input)
  if (run.state !== 'completed' || before.state !== 'completed') return { ...run, input }
  return { ...run, input, output: same(run.output, before.output) }
}

function same(bytes: Uint8Array, before: Uint8Array): Uint8Array {
  return Buffer.compare(bytes, before) === 0 ? before : bytes
}

function isSameState(run: Run, before: Run | undefined): boolean {
  return before !== undefined && run.state === before.state && run.changedAt === before.changedAt
}

/** Whether they say the same but for times and counts. */
function isAlike(sentences: readonly string[], before: readonly string[]): boolean {
  const shape = (texts: readonly string[]): string => texts.join(' ').replace(/\d+/g, '0')
  return shape(sentences) === shape(before)
}

function isSame(run: Run, before: Run): boolean {
  return isSameState(run, before) && run.position === before.position
}

/** A run that had ended and is not as it was has been retried in between, and has ended again. */
function endSeen(run: Run, known: KnownRun | undefined): RunState | undefined {
  return known !== undefined && isEnd(run.state) ? run.state : undefined
}

async function failureOf(
  inspector: Inspector,
  run: Run,
  known: KnownRun | undefined,
): Promise<FailureGroup | undefined> {
  const fingerprint = 'fingerprint' in run ? run.fingerprint : undefined
  if (fingerprint === undefined) return undefined
  if (known?.failure?.fingerprint === fingerprint && isSameState(run, known.run)) return known.failure
  const [group] = await inspector.failures({ fingerprint, limit: 1 })
  return group
}
