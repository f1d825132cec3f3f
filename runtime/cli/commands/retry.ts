import type { Command } from 'commander'
import { retriedText } from '../../describe/action-result.ts'
import { optionNames, type PlanList, retryPlanLists } from '../../describe/plan-sentences.ts'
import { defined } from '../../model/defined.ts'
import { RunStateError } from '../../model/errors.ts'
import { actOnMany, type RetryManyOptions } from '../actions/act-on-many.ts'
import { addActionOptions, isSingle } from '../actions/action-options.ts'
import { withOneRun } from '../actions/one-run.ts'
import { operator } from '../operator.ts'
import { repeated, wholeNumber } from '../option-values.ts'
import { print, printJson, say } from '../output.ts'
import { usageError } from '../usage-error.ts'

interface RetryOptions extends RetryManyOptions {
  readonly from?: string
}

const maxListed = 20

export function addRetry(program: Command): void {
  const command = program
    .command('retry')
    .description(
      'make failed, cancelled, expired or blocked runs ready again, by id or all that match (failed ones without --state); stored steps stay',
    )
    .option('--from <path>', 'of one run: run this step and all stored after it again')
    .option(
      '--run-again <path>',
      'another failed step, or an at-most-once step, to run again (may be repeated)',
      repeated,
    )
    .option('--first <n>', 'retry this many, wait until they have ended, then ask', wholeNumber(1, 1_000))
  addActionOptions(command, '{ id, dryRun, runsAgain: [path], keeps: [path] }').action(retry)
}

async function retry(ids: readonly string[], options: RetryOptions): Promise<void> {
  if (isSingle(ids, options)) return retryOne(ids, options)
  if (options.from !== undefined)
    throw usageError('--from works on one run only: other runs have other steps')
  return actOnMany('retry', ids, options)
}

async function retryOne(ids: readonly string[], options: RetryOptions): Promise<void> {
  const { from, runAgain, dryRun = false } = options
  await withOneRun(ids, options, async (jobs, id) => {
    const plan = await jobs
      .run(id)
      .retry({ dryRun, ...operator(options), ...defined({ from, runAgain }) })
      .catch(asOption)
    if (options.json) return printJson({ id, dryRun, ...plan })
    say(dryRun ? `run ${id} was not changed; a retry would` : `${retriedText(id)}; it will`)
    for (const list of retryPlanLists(plan)) print(listed(list))
  })
}

/** Replaces the name of the client's option in a message with this command's. */
function asOption(error: unknown): never {
  if (!RunStateError.is(error)) throw error
  throw new RunStateError(optionNames(error.message), { cause: error })
}

function listed({ verb, paths }: PlanList): string {
  const lines = paths.slice(0, maxListed).map((path) => `    ${path}`)
  const rest = paths.length - lines.length
  return [
    `  ${verb}`,
    ...lines,
    ...(rest > 0 ? [`    and ${rest} more (all of them with --json)`] : []),
  ].join('\n')
}
