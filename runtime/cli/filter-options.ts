import { type Command, InvalidArgumentError } from 'commander'
import { defined } from '../model/defined.ts'
import { type RunState, runStates } from '../model/run.ts'
import { filterNames, type RunFilter } from '../store/run-filter.ts'
import { commaList, duration, pastTime } from './option-values.ts'
import { usageError } from './usage-error.ts'

/** Options that select runs, of every command that lists them or acts on them. */
export interface FilterOptions extends Omit<RunFilter, 'states' | 'minAgeMs'> {
  readonly state?: readonly RunState[]
  /** Ms. */
  readonly olderThan?: number
}

export function addFilterOptions(command: Command): Command {
  return command
    .option(
      '--state <states>',
      `only runs in these states, such as failed,expired: ${runStates.join(', ')}`,
      states,
    )
    .option('--job <name>', 'only runs of this job')
    .option('--queue <name>', 'only runs of this queue')
    .option('--tag <tag>', 'only runs with this tag')
    .option('--unique <key>', 'only runs with this unique key; with --job alone the run that holds it')
    .option('--fingerprint <fingerprint>', 'only runs that failed in this way')
    .option('--worker <name>', 'only runs that this worker holds')
    .option('--limiter <name>', 'only runs that wait for this limiter, with the run or a step')
    .option('--limit-key <key>', 'with --limiter: only runs that wait for this key of it')
    .option('--older-than <duration>', 'only runs that are in their state for at least this long', duration)
    .option(
      '--since <when>',
      'only runs that entered their state (or ended) since then: 2h, or a time',
      pastTime,
    )
    .option(
      '--before <when>',
      'only runs that entered their state (or ended) before then: 2h, or a time',
      pastTime,
    )
    .option('--text <text>', 'only runs with this in id, job or reason, ignoring case')
}

/** Returns the filter of a command line; undefined without any of the options. */
export function filterOf(options: FilterOptions): RunFilter | undefined {
  if (options.limitKey !== undefined && options.limiter === undefined)
    throw usageError('--limit-key is a key of a limiter; name the limiter with --limiter')
  const values = { ...options, states: options.state, minAgeMs: options.olderThan }
  const filter = defined(Object.fromEntries(filterNames.map((name) => [name, values[name]])))
  return Object.keys(filter).length === 0 ? undefined : filter
}

function states(text: string, before: readonly RunState[] = []): RunState[] {
  const named = commaList(text)
  const strange = named.find((name) => !(runStates as readonly string[]).includes(name))
  if (strange !== undefined) {
    throw new InvalidArgumentError(
      `'${strange}' is not a state. Allowed choices are ${runStates.join(', ')}.`,
    )
  }
  return [...new Set([...before, ...(named as RunState[])])]
}
