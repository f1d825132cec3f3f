import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { packageVersion } from '../runtime/cli/package-version.ts'
import { addStoreOption } from '../runtime/cli/shared-options.ts'
import { usageError } from '../runtime/cli/usage-error.ts'
import { defaultOperator } from '../runtime/client/by-hand.ts'
import { type ScreenName, screenNames } from './app/place.ts'

export interface Arguments {
  readonly store?: string
  /** A temporary shop for this session, instead of a store; `seed` makes the same one again. */
  readonly demo?: { readonly seed?: number }
  readonly write: boolean
  readonly as: string
  readonly env?: string
  readonly prod: boolean
  readonly ascii: boolean
  /** One frame on stdout instead of the screen. */
  readonly once?: ScreenName
  readonly json: boolean
  /** Id of the run to open on. */
  readonly run?: string
}

interface Options extends Partial<Omit<Arguments, 'once' | 'run' | 'demo'>> {
  readonly once?: ScreenName
  readonly demo?: true
  readonly seed?: number
}

const examples = `
Examples:
  jobs-tui                                       look at sqlite:.durable-jobs/jobs.db
  jobs-tui --demo --write                        a shop that lives, with troubles to find and mend
  jobs-tui --store redis://HOST:6379 --env eu-1 --prod --write
  jobs-tui --once failures                       one frame as text, also into a file or a pipe
  jobs-tui RUN --once                            what a run did and why it is where it is
  jobs-tui --once --json | jq .findings

In it, ? shows the keys. It changes nothing unless it is started with --write.

Exit code of --once: 0 nothing needs attention, 3 something does, 2 the store can't be reached.`

/**
 * Parses a command line.
 * @throws CommanderError; with exit code 0 when it has printed help or the version.
 */
export function parseArguments(args: readonly string[]): Arguments {
  const command = new Command('jobs-tui')
    .description('Shows and repairs durable jobs, live, in a terminal.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .addArgument(new Argument('[run]', 'open on this run'))
  addStoreOption(command)
    .option('--demo', 'show a demo shop with its last 24 hours and live workers; deleted at the end')
    .option('--seed <number>', 'with --demo: make the same shop again', readSeed)
    .option('--write', 'enable actions; without it nothing is ever changed')
    .option('--as <name>', 'your name for the audit log (default: your user name and this host)')
    .option('--env <name>', 'name of this store in the top line')
    .option('--prod', 'mark the store as production: red, and actions need stronger confirmation')
    .option('--ascii', 'draw with ASCII only')
    .addOption(
      new Option('--once [screen]', 'print one frame as text (default: home), and end')
        .choices(screenNames.filter((name) => name !== 'run' && name !== 'step'))
        .preset('home'),
    )
    .option('--json', 'with --once: print what the screen shows as JSON')
    .addHelpText('after', examples)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
  command.parse(args, { from: 'user' })
  return checked(command.opts<Options>(), command.args[0])
}

function readSeed(text: string): number {
  const seed = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(seed)) return seed
  throw new InvalidArgumentError('write a whole number, such as 7.')
}

function checked(
  { store, demo, seed, write = false, as, env, prod = false, ascii = false, once, json = false }: Options,
  run: string | undefined,
): Arguments {
  if (demo && store !== undefined) throw usageError('--demo makes its own store; omit --store')
  if (!demo && seed !== undefined) throw usageError('--seed is the number of a demo; add --demo')
  if (run !== undefined && once !== undefined && once !== 'home') {
    throw usageError(`--once ${once} and a run are two screens; omit one of them`)
  }
  if (json && once === undefined) throw usageError('--json prints the frame of --once; add --once')
  return {
    ...{ write, as: as ?? defaultOperator(), prod, ascii, json },
    ...(store === undefined ? {} : { store }),
    ...(demo ? { demo: seed === undefined ? {} : { seed } } : {}),
    ...(env === undefined ? {} : { env }),
    ...(once === undefined ? {} : { once: run === undefined ? once : 'run' }),
    ...(run === undefined ? {} : { run }),
  }
}
