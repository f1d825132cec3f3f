import { commandLine, type StoreChoice } from '../describe/command-line.ts'
import { failureText, triesIn } from '../describe/failure-text.ts'
import type { FailureGroup } from '../store/failures.ts'
import { fieldText } from './field-text.ts'
import { paint } from './output.ts'
import { time } from './run-text.ts'

type Row = readonly [name: string, value: string]

/** Formats one group: lines of a name and a value, its tries per minute, and the next commands. */
export function failureReport(group: FailureGroup, options: StoreChoice): string {
  const { fingerprint, job, step, failedNow, tries, runs, firstAt, lastAt, versions, sample } = group
  const rows: readonly Row[] = [
    ['failure', fingerprint],
    ['error', failureText(group)],
    ['job', step === '' ? `${job}, between steps` : `${job}, step '${step}'`],
    ['now', `${failedNow} failed ${failedNow === 1 ? 'run' : 'runs'}`],
    [
      'tries',
      `${tries}, ${triesIn(group, 60)} of them in the last hour, ${triesIn(group, 5)} in the last 5 min`,
    ],
    ['runs', `ended as failed ${runs === 1 ? 'once' : `${runs} times`}, retries included`],
    ['first', time(firstAt)],
    ['last', time(lastAt)],
    [versions.length === 1 ? 'version' : 'versions', versions.join(', ')],
    ['sample', `${sample}: ${commandLine(['show', sample], options)}`],
    ['minutes', minutesText(group)],
    ...nextRows(failedNow, fingerprint, options),
  ]
  const colour = (name: string) => (text: string) =>
    name === 'now' && failedNow > 0 ? paint('red', text) : text
  return rows.map(([name, value]) => fieldText(name, value, colour(name))).join('\n')
}

function nextRows(failedNow: number, fingerprint: string, options: StoreChoice): readonly Row[] {
  if (failedNow === 0) return []
  return [
    ['next', `list its runs: ${commandLine(['runs', '--fingerprint', fingerprint], options)}`],
    ['', `retry them: ${commandLine(['retry', '--fingerprint', fingerprint], options)}`],
  ]
}

const bars = '▁▂▃▄▅▆▇█'

/** Sixty bars, one per minute; the highest is the most tries. */
function minutesText({ perMinute }: FailureGroup): string {
  const most = Math.max(...perMinute)
  if (most === 0) return 'no tries in the last hour'
  const bar = (tries: number): string =>
    tries === 0 ? '·' : bars.charAt(Math.ceil((tries / most) * bars.length) - 1)
  return `${perMinute.map(bar).join('')} max ${most}`
}
