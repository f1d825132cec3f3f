import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { Command, CommanderError } from 'commander'
import { addCancel } from './commands/cancel.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addDrain } from './commands/drain.ts'
import { addEnqueue } from './commands/enqueue.ts'
import { addHealth } from './commands/health.ts'
import { addPause } from './commands/pause.ts'
import { addQueues } from './commands/queues.ts'
import { addRemove } from './commands/remove.ts'
import { addResume } from './commands/resume.ts'
import { addRetry } from './commands/retry.ts'
import { addRuns } from './commands/runs.ts'
import { addShow } from './commands/show.ts'
import { addWork } from './commands/work.ts'
import { addWorkers } from './commands/workers.ts'
import { reportFailure } from './report-failure.ts'

/** In the order of the help. */
const commands: readonly ((program: Command) => void)[] = [
  addWork,
  addEnqueue,
  addRuns,
  addShow,
  addRetry,
  addCancel,
  addRemove,
  addQueues,
  addWorkers,
  addPause,
  addResume,
  addDrain,
  addHealth,
  addDoctor,
  addDemo,
]

/** Runs one command line. Answers the exit code: 0 ok, 1 failed, 2 the command line is wrong. */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    return reportFailure(error, args.includes('--json'))
  }
}

function buildProgram(): Command {
  const program = new Command('durable-jobs')
    .description('Runs, shows and repairs durable jobs.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    // Usage errors are printed by `reportFailure` like all others.
    .configureOutput({ outputError: () => undefined })
  for (const add of commands) add(program)
  return program
}

function packageVersion(): string {
  const path = findPackageJSON(import.meta.url)
  const { version } = JSON.parse(path === undefined ? '{}' : readFileSync(path, 'utf8')) as {
    version?: string
  }
  return version ?? 'unknown'
}
