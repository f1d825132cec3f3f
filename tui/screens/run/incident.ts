import { commandLine } from '../../../runtime/describe/command-line.ts'
import { historySentence } from '../../../runtime/describe/history-sentence.ts'
import { situation } from '../../../runtime/describe/situation.ts'
import type { JournalOutline } from '../../../runtime/model/journal.ts'
import type { Moment } from '../../text/incident-report.ts'
import type { IncidentAbout, ScreenInput } from '../screen.ts'
import type { KnownRun, RunData } from './run-data.ts'

/** The content of a report on a run: why it is in its state, its history, and the commands. */
export function runIncident({ data, now, store, fleet }: ScreenInput<RunData>): IncidentAbout | undefined {
  if (data?.kind !== 'known') return undefined
  const { run, sentences, next } = data
  const choice = store === undefined ? {} : { store }
  const why = situation(run, now)
  return {
    title: `run ${run.id} of ${run.job} is ${run.state}`,
    causes: [...(why === '' ? [] : [why]), ...sentences, ...(next === '' ? [] : [`To do: ${next}`])],
    since: run.changedAt,
    events: (fleet.overview?.operations ?? []).filter(({ at }) => at >= run.enqueuedAt - nearMs),
    moments: momentsOf(data),
    runs: [{ id: run.id, text: `${run.state}${why === '' ? '' : `: ${why}`}` }],
    commands: [
      commandLine(['show', run.id], choice),
      commandLine(['explain', run.id], choice),
      ...(run.state === 'failed' ? [commandLine(['retry', run.id], choice)] : []),
    ],
  }
}

/** A deploy or a pause shortly before the run is of interest too. */
const nearMs = 300_000

function momentsOf({ run, history, journal }: KnownRun): readonly Moment[] {
  return [
    { at: run.enqueuedAt, text: `run enqueued in queue '${run.queue}'` },
    ...(run.startedAt === undefined ? [] : [{ at: run.startedAt, text: 'run started' }]),
    ...history.map((entry) => ({ at: entry.at, text: `run ${historySentence(entry)}` })),
    ...journal.entries.flatMap(failedTry),
    ...('endedAt' in run ? [{ at: run.endedAt, text: `run ${run.state}` }] : []),
  ]
}

function failedTry(entry: JournalOutline): readonly Moment[] {
  if (entry.phase !== 'failed' && entry.phase !== 'retrying') return []
  const { path, attempt, error, at } = entry
  return [{ at, text: `step '${path}', try ${attempt}: ${error.name}: ${error.message}` }]
}
