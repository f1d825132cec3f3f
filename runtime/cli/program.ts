import { Command, CommanderError, Help } from 'commander'
import { addActions } from './commands/actions.ts'
import { addAttention } from './commands/attention.ts'
import { addCancel } from './commands/cancel.ts'
import { addDemo } from './commands/demo.ts'
import { addDoctor } from './commands/doctor.ts'
import { addDrain } from './commands/drain.ts'
import { addEnqueue } from './commands/enqueue.ts'
import { addEvents } from './commands/events.ts'
import { addExplain } from './commands/explain.ts'
import { addFailures } from './commands/failures.ts'
import { addHealth } from './commands/health.ts'
import { addLimits } from './commands/limits.ts'
import { addPause } from './commands/pause.ts'
import { addQueues } from './commands/queues.ts'
import { addRemove } from './commands/remove.ts'
import { addResume } from './commands/resume.ts'
import { addRetry } from './commands/retry.ts'
import { addRuns } from './commands/runs.ts'
import { addSchedules } from './commands/schedules.ts'
import { addShow } from './commands/show.ts'
import { addStats } from './commands/stats.ts'
import { addUnique } from './commands/unique.ts'
import { addWork } from './commands/work.ts'
import { addWorkers } from './commands/workers.ts'
import { packageVersion } from './package-version.ts'
import { reportFailure } from './report-failure.ts'

/** In the order of the help. */
const commands: Readonly<Record<string, readonly ((program: Command) => void)[]>> = {
  'Work:': [addWork, addEnqueue, addDemo],
  'Look:': [
    addAttention,
    addRuns,
    addShow,
    addExplain,
    addFailures,
    addQueues,
    addStats,
    addLimits,
    addUnique,
    addSchedules,
    addWorkers,
    addEvents,
    addHealth,
    addDoctor,
    addActions,
  ],
  'Manual actions:': [addRetry, addCancel, addRemove, addPause, addResume, addDrain],
}

const examples = `
Examples:
  durable-jobs work jobs.ts
  durable-jobs enqueue jobs.ts import-file '{"file":"a.csv"}'
  durable-jobs runs --state failed
  durable-jobs COMMAND --help

Exit code: 0 done, 1 failed, 2 wrong command line.`

/** Runs one command line. Returns the exit code: 0 ok, 1 failed, 2 the command line is wrong. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const program = buildProgram()
  try {
    await program.parseAsync(args, { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    const chosen = program.commands.find((command) => command.name() === args[0])
    return reportFailure(error, args.includes('--json') || chosen?.opts<{ json?: boolean }>().json === true)
  }
}

function buildProgram(): Command {
  const help = new Help()
  const program = new Command('durable-jobs')
    .description('Runs, shows and repairs durable jobs.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ subcommandTerm: (command) => help.subcommandTerm(command).replace(' [options]', '') })
    .addHelpText('after', examples)
    // Arguments after the name of a subcommand are the subcommand's.
    .enablePositionalOptions()
    .exitOverride()
    // Usage errors are printed by `reportFailure` like all others.
    .configureOutput({ outputError: () => undefined })
  program.commandsGroup('Look:').helpCommand('help [command]', 'print the help of a command')
  for (const [group, adds] of Object.entries(commands)) {
    program.commandsGroup(group)
    for (const add of adds) add(program)
  }
  return program
}
