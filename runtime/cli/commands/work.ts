import { Writable } from 'node:stream'
import { type Command, Option } from 'commander'
import { defined } from '../../model/defined.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import type { LogLevel } from '../../model/job.ts'
import type { Middleware } from '../../model/middleware.ts'
import { type ProtectionMode, protectionModes } from '../../model/protection.ts'
import type { QueueOrder } from '../../store/store.ts'
import { createLogger, logLevels } from '../../worker/logger.ts'
import { storeAddress, withConnection } from '../connection.ts'
import { loadJobs } from '../load-jobs.ts'
import { handSignalsOver } from '../loading-signals.ts'
import { commaList, duration, wholeNumber } from '../option-values.ts'
import {
  addStoreOption,
  forgetUnset,
  fromEnvironment,
  jsonOption,
  type SharedOptions,
} from '../shared-options.ts'

interface WorkOptions extends SharedOptions {
  readonly queues?: string[]
  readonly queueOrder?: QueueOrder
  readonly concurrency?: number
  readonly name?: string
  readonly healthPort?: number
  readonly stopTimeout?: number
  readonly maxBlocked?: number
  readonly lease?: number
  readonly leader?: boolean
  readonly protect?: ProtectionMode
  readonly emfNamespace?: string
  readonly logLevel?: LogLevel
}

export function addWork(program: Command): void {
  const command = program
    .command('work')
    .description('run a worker for the jobs that FILE exports, until a signal stops it')
    .argument('<file...>', 'files (.ts, .mts, .js, .mjs) or folders of them')
  for (const option of workOptions()) command.addOption(fromEnvironment(option))
  command.addOption(leaderOption())
  addStoreOption(command).action(work)
}

const leaderVariable = 'DURABLE_JOBS_LEADER'

function leaderOption(): Option {
  // A negated option is set by the presence of the variable.
  forgetUnset(leaderVariable, ['', '1', 'true'])
  return new Option('--no-leader', 'never lead; other workers do the duties of the fleet').env(leaderVariable)
}

function checkLeaderVariable(): void {
  const value = process.env[leaderVariable]
  if (value === undefined || value === 'false' || value === '0') return
  throw new InvalidOptionsError(`${leaderVariable}: '${value}' is neither true nor false`)
}

function workOptions(): Option[] {
  const option = (flags: string, description: string, parse: (text: string) => unknown): Option =>
    new Option(flags, description).argParser(parse)
  return [
    option('--queues <names>', 'only these queues, a,b (default: all queues of the jobs)', commaList),
    new Option(
      '--queue-order <order>',
      "'strict': a queue only gets slots that the queues before it leave (default: turns)",
    ).choices(['turns', 'strict']),
    option(
      '--concurrency <n>',
      'runs at the same time (default: 10, fewer in an ECS task of less than 1 vCPU)',
      wholeNumber(1, 10_000),
    ),
    new Option('--name <name>', 'name of this worker (default: host:pid:random)'),
    option('--health-port <n>', 'serve GET /live and /ready on this port', wholeNumber(0, 65_535)),
    option('--stop-timeout <duration>', 'time to hand runs over after a signal (default: 30s)', duration),
    option(
      '--max-blocked <duration>',
      'longest time a step may block the event loop (default: 60s)',
      duration,
    ),
    option('--lease <duration>', 'how long a vanished worker keeps its runs (default: 10s)', duration),
    new Option(
      '--protect <mode>',
      'whether runs that need ECS scale-in protection wait for it (default: they start without)',
    ).choices(protectionModes),
    new Option(
      '--emf-namespace <name>',
      "while this worker leads, print the fleet's metrics once a minute as CloudWatch EMF lines in this namespace",
    ),
    new Option('--log-level <level>', 'lowest level to log').choices(logLevels),
    jsonOption('log JSON lines (the default unless on a terminal)'),
  ]
}

async function work(files: readonly string[], options: WorkOptions): Promise<void> {
  checkLeaderVariable()
  const { json, logLevel, protect, ...rest } = options
  const store = storeAddress(options)
  const jobs = await loadJobs(files)
  const { createWorker } = await import('../../worker/worker.ts')
  const logger = createLogger(defined({ level: logLevel, stream: json ? plainStdout() : undefined }))
  const middleware = await protectionOf(protect)
  const settings = defined({ ...rest, store })
  const worker = createWorker({ jobs, logger, middleware, handleSignals: true, ...settings })
  // A store that can't be opened is reported as by every other command; from here on the worker's log reports.
  await withConnection({ store }, () => Promise.resolve(), { create: true, prepare: 'at once' })
  const ended = worker.run()
  handSignalsOver()
  process.exitCode = await ended
}

async function protectionOf(mode: ProtectionMode | undefined): Promise<readonly Middleware[]> {
  if (mode === undefined) return []
  const { scaleInProtection } = await import('../../fargate/scale-in-protection.ts')
  return [scaleInProtection({ mode })]
}

/** The logger writes for people on a terminal; this stream is none. */
function plainStdout(): Writable {
  return new Writable({
    write: (chunk: Uint8Array, _encoding, done) => {
      process.stdout.write(chunk)
      done()
    },
  })
}
