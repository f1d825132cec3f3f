import { type Command, Option } from 'commander'
import { screenWidth } from './output.ts'
import { wrap } from './plain-text.ts'

/** The options of every command. */
export interface SharedOptions {
  readonly store?: string
  readonly json?: boolean
}

/** `shape` is the output of `--json`: a promise to the programs that read it. */
export function addSharedOptions(command: Command, shape: string): Command {
  return addStoreOption(command).addOption(jsonOption(shape))
}

export function jsonOption(shape: string): Option {
  return new Option('--json', `print JSON, errors too: ${shape}`)
}

export function addStoreOption(command: Command): Command {
  const option = new Option(
    '--store <url>',
    'store of the runs: sqlite:PATH or redis://HOST:PORT (without it: sqlite:.durable-jobs/jobs.db)',
  )
  return command.addOption(fromEnvironment(option)).helpOption('-h, --help', 'print this help')
}

/** The options of a manual action: kept in the run's history. */
export interface OperatorOptions extends SharedOptions {
  readonly by?: string
  readonly reason?: string
}

export function addOperatorOptions(command: Command, shape: string): Command {
  return addSharedOptions(command, shape)
    .option('--reason <text>', 'the reason, recorded for others')
    .option('--by <name>', 'the operator to record (default: your user name and this host)')
}

/** Lets `DURABLE_JOBS_<FLAG>` set the option too; to be called before the option is added to a command. */
export function fromEnvironment(option: Option): Option {
  const variable = `DURABLE_JOBS_${option.name().toUpperCase().replaceAll('-', '_')}`
  forgetUnset(variable, option.isBoolean() ? ['', '0', 'false'] : [''])
  return option.env(variable)
}

/** A variable that is set but empty counts as unset: deployment files use it for "no value". */
export function forgetUnset(variable: string, unset: readonly string[] = ['']): void {
  if (unset.includes(process.env[variable] ?? 'set')) delete process.env[variable]
}

export const fieldsOfRun: string = `RUN: id, job, version, queue, priority, state, attempt, losses, lossStreak?, tags, headers, position, orphans?,
unique? { key, until }, protect?, schedule?, scheduledFor?, enqueuedAt, startedAt?, changedAt, and what its state has: dueAt, worker, step? { path, openMs, toldAgoMs }, waitingFor { kind, name?, until? },
reason?, by, error { name, message, code?, stack?, cause? }, fingerprint?, output, endedAt.`

const unitsOfJson = `Times in JSON are milliseconds since 1970, fields in Ms durations; '?' marks what may be missing.`

const widestHelp = 110

/** Explains the fields of a longer JSON below the help of its command: each `NAME: …` begins a line. */
export function explainJson(command: Command, fields: string): void {
  const paragraphs = [...fields.split(/\n(?=[A-Z]+: )/), unitsOfJson]
  addHelpParagraphs(command, paragraphs)
}

/** Text below the help of a command, as wide as the screen; a line break in a paragraph is a space. */
export function addHelpParagraphs(command: Command, paragraphs: readonly string[]): void {
  command.addHelpText('after', () => {
    const width = Math.min(screenWidth() ?? widestHelp, widestHelp)
    return `\n${paragraphs.flatMap((text) => wrap(text.replaceAll('\n', ' '), width)).join('\n')}`
  })
}
