import { CommanderError } from 'commander'
import { endOnWriteError } from '../runtime/cli/end-on-write-error.ts'
import { quietNodeWarnings } from '../runtime/cli/quiet-warnings.ts'
import { reportFailure } from '../runtime/cli/report-failure.ts'
import { usageError } from '../runtime/cli/usage-error.ts'
import type { Environment } from './app/app-state.ts'
import type { Target } from './app/place.ts'
import { type Arguments, parseArguments } from './arguments.ts'
import type { DemoOptions } from './demo/demo.ts'
import { isUnicodeLocale, lookOf } from './kit/look.ts'
import { type Source, storeSource } from './source.ts'

const program = 'jobs-tui'

/** Runs the TUI, or prints one frame, and ends the process with its exit code. */
export async function start(args: readonly string[]): Promise<void> {
  quietNodeWarnings()
  const code = await run(args).catch((error: unknown) =>
    error instanceof CommanderError && error.exitCode === 0
      ? 0
      : reportFailure(error, args.includes('--json'), program),
  )
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
  process.exit(code)
}

async function run(args: readonly string[]): Promise<number> {
  const options = parseArguments(args)
  // A screen ends when its terminal is gone (give-back.ts); output to it before or after has no reader.
  process.stdout.on('error', options.once === undefined ? ignored : endOnWriteError(program))
  process.stderr.on('error', ignored)
  if (options.once === undefined) checkTerminal()
  const source = options.demo === undefined ? storeSource(options.store) : await demoSource(options.demo)
  // Before ink is loaded: its color library reads only this variable.
  if (process.env.NO_COLOR !== undefined && process.env.NO_COLOR !== '') process.env.FORCE_COLOR = '0'
  try {
    return await show(options, source)
  } finally {
    await source.close()
  }
}

function ignored(): void {}

/** Loaded on use alone: it brings a worker with it. */
async function demoSource(options: DemoOptions): Promise<Source> {
  if (process.stderr.isTTY) process.stderr.write('playing the last 24 hours of a shop ...\n')
  const { startDemo } = await import('./demo/demo.ts')
  const demo = await startDemo(options)
  return { ...storeSource(demo.url), address: 'demo', close: demo.close }
}

async function show(options: Arguments, source: Source): Promise<number> {
  const environment = environmentOf(options, source)
  const target: Target =
    options.run === undefined ? { screen: options.once ?? 'home' } : { screen: 'run', subject: options.run }
  if (options.once !== undefined) {
    const { printOnce } = await import('./once.tsx')
    return printOnce({ environment, target, source, json: options.json })
  }
  const { runScreen } = await import('./run-screen.tsx')
  return runScreen({ environment, target, source })
}

function environmentOf({ write, as, env, prod, ascii }: Arguments, { address, store }: Source): Environment {
  return {
    ...{ isProduction: prod, address, write, operator: as },
    look: lookOf({ ascii: ascii || !isUnicodeLocale(process.env) }),
    ...(env === undefined ? {} : { name: env }),
    ...(store === undefined ? {} : { store }),
  }
}

/** @throws CommanderError if no screen can be drawn, or no key read. */
function checkTerminal(): void {
  const { stdin, stdout, env } = process
  const missing = !stdout.isTTY ? 'stdout is no terminal' : !stdin.isTTY ? 'stdin is no terminal' : undefined
  const dumb = env.TERM === 'dumb' ? "this terminal can't be drawn on (TERM=dumb)" : undefined
  const problem = missing ?? dumb
  if (problem !== undefined) {
    throw usageError(`${problem}; --once prints one frame as text, --once --json the same for programs`)
  }
}
