import { type Command, InvalidArgumentError } from 'commander'
import { parseRate, type Rate } from '../../client/actions/pacer.ts'
import { filterWords } from '../../describe/filter-words.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import type { ActionKind, ActionTarget } from '../../store/actions.ts'
import { addFilterOptions, type FilterOptions, filterOf } from '../filter-options.ts'
import {
  addHelpParagraphs,
  addOperatorOptions,
  explainJson,
  type OperatorOptions,
} from '../shared-options.ts'
import { usageError } from '../usage-error.ts'

/** The options of retry, cancel and remove besides the runs. */
export interface ActionOptions extends OperatorOptions, FilterOptions {
  readonly all?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly rate?: Rate
  readonly continue?: string
}

/** Those of retry. */
export interface RetryManyOptions extends ActionOptions {
  readonly runAgain?: readonly string[]
  readonly first?: number
}

/** The exit codes of the commands besides 0, 1 and 2. */
export const exitCodes = { someRefused: 3, stopped: 4 } as const

const exitText = `Exit code: 0 done, 1 failed, 2 wrong command line or no --yes, ${exitCodes.someRefused} done but for some that
were refused, ${exitCodes.stopped} stopped before the end: --continue resumes it.`

export const fieldsOfAction: string = `ACTION: id, action, target { kind, ids? or filter? }, runAgain?, matching?, by, reason?, startedAt, endedAt?, cursor?
(left out at the end), done, refused, refusals [{ run, reason }] (the first 100).`

const fieldsOfPlan = `PLAN: action, matching { runs, exact }, sample (so many of the newest runs were inspected; the rest is of them),
states [{ state, runs }], runsAgain [{ step, runs }], inTheWay [{ step, runs }], limiters [{ limiter, runs, waiting }], refused [{ reason, runs }].`

/** @param single What `--json` prints for one run by its id. */
export function addActionOptions(command: Command, single: string): Command {
  command.argument('[id...]', 'ids of runs, or none with options that select runs')
  addFilterOptions(command)
    .option('--all', 'select all runs, without any of these options')
    .option('--dry-run', 'only print what it would do')
    .option('--yes', 'do not ask')
    .option('--rate <n/time>', 'at most so many runs per second, minute or hour: 20/s', rate)
    .option(
      '--continue <action>',
      'continue a stopped action, by its id or the first characters of a generated one',
    )
  addOperatorOptions(command, `one id: ${single}; else { plan?: PLAN, action?: ACTION }`)
  explainJson(command, `${fieldsOfPlan}\n${fieldsOfAction}`)
  addHelpParagraphs(command, [exitText])
  return command
}

function rate(text: string): Rate {
  try {
    parseRate(text)
    return text as Rate
  } catch (error) {
    if (!InvalidOptionsError.is(error)) throw error
    throw new InvalidArgumentError("Write runs per time such as '20/s', '300/m', '50/h'.")
  }
}

/** Refuses a command line that names no runs, or names them twice. */
export function targetOf(kind: ActionKind, ids: readonly string[], options: ActionOptions): ActionTarget {
  const filter = filterOf(options)
  if (options.all && (ids.length > 0 || filter !== undefined)) {
    throw usageError('--all selects all runs: omit it, or omit the other options that select runs')
  }
  if (ids.length > 0 && filter !== undefined) {
    throw usageError(`use either ids or options that select runs, not both: ${asIds(ids)}`)
  }
  if (ids.length > 0) return { kind: 'runs', ids }
  if (filter === undefined && !options.all) {
    throw usageError(`name the runs to ${kind}, select them with options such as --job, or use --all`)
  }
  return filter === undefined ? { kind: 'filter', filter: {}, all: true } : { kind: 'filter', filter }
}

/** An unquoted option value of several words ends up here. */
function asIds(ids: readonly string[]): string {
  const quotes = ids.map((id) => `'${id}'`).join(', ')
  return ids.length === 1 ? `${quotes} was read as an id` : `${quotes} were read as ids`
}

/** Refuses options that a continued action already has. */
export function checkContinued(ids: readonly string[], options: RetryManyOptions): void {
  if (ids.length > 0)
    throw usageError(`--continue takes no ids, the action already has its runs: ${asIds(ids)}`)
  const filter = filterOf(options)
  const words = [
    ...(options.all ? ['--all'] : []),
    ...(filter === undefined ? [] : filterWords(filter).filter((_, i) => i % 2 === 0)),
    ...(options.runAgain === undefined ? [] : ['--run-again']),
    ...(options.by === undefined ? [] : ['--by']),
    ...(options.reason === undefined ? [] : ['--reason']),
  ]
  if (words.length > 0) throw usageError(`--continue takes no ${words.join(', ')}: the action keeps its own`)
}

/** Returns whether a command line names exactly one run by id. */
export function isSingle(ids: readonly string[], options: ActionOptions): boolean {
  return ids.length === 1 && filterOf(options) === undefined && !options.all && options.continue === undefined
}
