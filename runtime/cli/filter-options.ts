import { type Command, InvalidArgumentError } from 'commander'
import { type RunState, runStates } from '../model/run.ts'
import type { RunFilter } from '../store/run-filter.ts'
import { given } from './given.ts'
import { commaList, duration, pastTime } from './option-values.ts'

/** Options that choose runs. */
export interface FilterOptions {
  readonly state?: readonly RunState[]
  readonly job?: string
  readonly queue?: string
  readonly tag?: string
  readonly fingerprint?: string
  /** Ms. */
  readonly olderThan?: number
  /** Ms since the epoch. */
  readonly since?: number
  readonly text?: string
}

export function addFilterOptions(command: Command): Command {
  return command
    .option('--state <states>', 'runs in one of these states: failed,cancelled (may be repeated)', states)
    .option('--job <name>', 'runs of this job')
    .option('--queue <name>', 'runs of this queue')
    .option('--tag <tag>', 'runs with this tag')
    .option('--fingerprint <id>', 'runs that failed for this cause')
    .option('--older-than <duration>', 'at least this long in their state: 2h', duration)
    .option('--since <when>', 'came into their state since then: 2h, or 2030-01-31T09:00Z', pastTime)
    .option('--text <text>', 'with this text in job, id or reason')
}

/** The filter of a command line; undefined when it has none of the options. */
export function filterOf(options: FilterOptions): RunFilter | undefined {
  const { state, job, queue, tag, fingerprint, olderThan, since, text } = options
  const filter = given({ states: state, job, queue, tag, fingerprint, minAgeMs: olderThan, since, text })
  return Object.keys(filter).length === 0 ? undefined : filter
}

function states(text: string, before: readonly RunState[] = []): RunState[] {
  const named = commaList(text).map((name) => {
    const known = runStates.find((state) => state === name)
    if (known === undefined) throw new InvalidArgumentError(`Write states of: ${runStates.join(', ')}.`)
    return known
  })
  return [...new Set([...before, ...named])]
}
