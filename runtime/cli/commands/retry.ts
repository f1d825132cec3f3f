import type { Command } from 'commander'
import { RunStateError } from '../../model/errors.ts'
import { withConnection } from '../connection.ts'
import { given } from '../given.ts'
import { operator } from '../operator.ts'
import { repeated } from '../option-values.ts'
import { print, printJson } from '../output.ts'
import { addOperatorOptions, type OperatorOptions } from '../shared-options.ts'

interface RetryOptions extends OperatorOptions {
  readonly from?: string
  readonly runAgain?: string[]
  readonly dryRun?: boolean
}

const mostListed = 20

export function addRetry(program: Command): void {
  const command = program
    .command('retry')
    .description('make a failed, cancelled, expired or blocked run ready again; stored steps stay')
    .argument('<id>', 'id of the run')
    .option('--from <path>', 'run this step and all stored after it again')
    .option('--run-again <path>', 'an at-most-once step that may run again (may be repeated)', repeated)
    .option('--dry-run', 'only list what would run again and what would stay')
  addOperatorOptions(command, '{ id, dryRun, runsAgain: [path], keeps: [path] }').action(retry)
}

async function retry(id: string, options: RetryOptions): Promise<void> {
  const { from, runAgain, dryRun = false } = options
  await withConnection(options, async (jobs) => {
    const plan = await jobs
      .run(id)
      .retry({ dryRun, ...operator(options), ...given({ from, runAgain }) })
      .catch(asOption)
    if (options.json) return printJson({ id, dryRun, ...plan })
    print(dryRun ? `run ${id} was not touched; a retry would` : `run ${id} is ready again; it will`)
    print(listed('run again', plan.runsAgain))
    print(listed('keep', plan.keeps))
  })
}

/** Names the option of this command where the message names that of the client. */
function asOption(error: unknown): never {
  if (!RunStateError.is(error)) throw error
  throw new RunStateError(error.message.replaceAll('runAgain', '--run-again'), { cause: error })
}

function listed(verb: string, paths: readonly string[]): string {
  if (paths.length === 0) return `  ${verb} no stored step`
  const lines = paths.slice(0, mostListed).map((path) => `    ${path}`)
  const rest = paths.length - lines.length
  return [
    `  ${verb}`,
    ...lines,
    ...(rest > 0 ? [`    and ${rest} more (all of them with --json)`] : []),
  ].join('\n')
}
