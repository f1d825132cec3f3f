import { endOnSignals } from './loading-signals.ts'
import { quietNodeWarnings } from './quiet-warnings.ts'

/** Runs the command line and ends the process with its exit code. */
export async function start(args: readonly string[]): Promise<void> {
  quietNodeWarnings()
  // Loading takes a moment and may take long (job files are anybody's code); as process 1 of a container
  // nothing else would answer a signal.
  if (args[0] === 'work') endOnSignals()
  else endOnClosedPipe()
  process.once('beforeExit', endUnfinished)
  const { runProgram } = await import('./program.ts')
  const code = await runProgram(args)
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  // A job file may have opened connections and timers; nothing of it is needed any more.
  process.exit(code)
}

/** Node ends a process that has nothing left to wait for, although something here still waits. */
function endUnfinished(): void {
  process.stderr.write('durable-jobs: gave up: a job file awaits something that never comes\n')
  process.exit(1)
}

/** `durable-jobs runs | head -1` is no failure. */
function endOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}
