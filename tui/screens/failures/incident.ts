import { commandLine } from '../../../runtime/describe/command-line.ts'
import { failureText, triesIn } from '../../../runtime/describe/failure-text.ts'
import type { FailureGroup } from '../../../runtime/store/failures.ts'
import type { IncidentAbout, ScreenInput } from '../screen.ts'
import { retryCommand } from './detail.ts'
import type { FailuresData } from './failures-data.ts'
import type { FailureRow } from './rows.ts'

/** A deploy shortly before the first failure is of interest too. */
const nearMs = 300_000

/** What a report on a group of failures says. */
export function failureIncident(
  { fleet, store }: ScreenInput<FailuresData>,
  { group, newSince }: FailureRow,
): IncidentAbout {
  const { fingerprint, job, step, failedNow, tries, runs, firstAt, sample, versions } = group
  const choice = store === undefined ? {} : { store }
  return {
    title: titleOf(group),
    causes: [
      `${failureText(group)}${step === '' ? ', between steps' : ` at step '${step}'`} of ${job}.`,
      `${counted(runs, 'run', 'runs')} failed for good; ${counted(tries, 'failed try', 'failed tries')}, ${triesIn(group, 60).toLocaleString('en')} of them in the last hour.`,
      `Seen with ${versions.length === 1 ? 'version' : 'versions'} ${versions.join(', ')}.`,
    ],
    since: firstAt,
    ...(newSince === undefined
      ? {}
      : {
          nearby: `new since version ${newSince.version} of ${job} began at ${new Date(newSince.at).toISOString()}`,
        }),
    events: (fleet.overview?.operations ?? []).filter(({ at }) => at >= firstAt - nearMs),
    runs: [
      { id: sample, text: failedNow > 0 ? 'the one that failed last' : 'the one whose try failed last' },
    ],
    runCount: Math.max(1, failedNow),
    commands: [
      commandLine(['runs', '--fingerprint', fingerprint], choice),
      commandLine(['show', sample], choice),
      ...(failedNow === 0 ? [] : [retryCommand(group, store)]),
    ],
  }
}

/** Tries may fail of runs that complete. */
function titleOf(group: FailureGroup): string {
  const { job, failedNow } = group
  const what =
    failedNow === 0
      ? `tries of ${job} fail`
      : `${counted(failedNow, 'run', 'runs')} of ${job} ${failedNow === 1 ? 'is' : 'are'} failed`
  return `${what}: ${failureText(group)}`
}

function counted(n: number, one: string, many: string): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`
}
