import { type Command, Option } from 'commander'

/** What every command takes. */
export interface SharedOptions {
  readonly store?: string
  readonly json?: boolean
}

export function addSharedOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--store <url>', 'where runs live (without it: sqlite:.durable-jobs/jobs.db)').env(
        'DURABLE_JOBS_STORE',
      ),
    )
    .option('--json', 'print JSON, errors too')
    .helpOption('-h, --help', 'print this help')
}

/** What a write by hand takes: kept in the run's history. */
export interface OperatorOptions extends SharedOptions {
  readonly by?: string
  readonly reason?: string
}

export function addOperatorOptions(command: Command): Command {
  return addSharedOptions(command)
    .option('--reason <text>', 'why; others see it')
    .option('--by <name>', 'who (default: your user name and this host)')
}
