import { endOnWriteError } from './end-on-write-error.ts'
import { endOnSignals } from './loading-signals.ts'
import { quietNodeWarnings } from './quiet-warnings.ts'

/** Runs the command line and ends the process with its exit code. */
export async function start(args: readonly string[]): Promise<void> {
  quietNodeWarnings()
  // Loading takes a moment and may take long (job files run their own code); as process 1 of a container
  // nothing else would handle a signal.
  const isWorker = args[0] === 'work'
  if (isWorker) endOnSignals()
  process.stdout.on('error', isWorker ? goOn : endOnWriteError('durable-jobs'))
  process.stderr.on('error', goOn)
  process.on('beforeExit', endUnfinished)
  const { runProgram } = await import('./program.ts')
  const code = await runProgram(args)
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  // A job file may have opened connections and timers, which are no longer needed.
  process.exit(code)
}

/**
 * Node ends a process without pending work, although something here still waits. If a job file is to blame, `loadJobs`
 * fails with its name, in the same macrotask: before this gives up.
 */
function endUnfinished(): void {
  setImmediate(() => {
    process.stderr.write('durable-jobs: gave up: the awaited event can no longer happen\n')
    process.exit(1)
  })
}

/** A worker whose log has lost its reader still works, and an unread message changes no exit code. */
function goOn(): void {}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}
