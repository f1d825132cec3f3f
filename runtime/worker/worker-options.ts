import { createHash, randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { type TermTimes, termTimes } from '../coordination/elector.ts'
import { type Clock, systemClock } from '../model/clock.ts'
import { type Duration, parseDuration } from '../model/duration.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { definitionText, isJob, type Job, type Logger } from '../model/job.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import type { Middleware } from '../model/middleware.ts'
import { isName } from '../model/name.ts'
import { refuseOtherRule } from '../store/limiter-rules.ts'
import type { WorkerLimiter } from '../store/limiters.ts'
import type { QueueOrder, WorkerJob } from '../store/store.ts'
import { parseStoreConfig, type StoreConfig, type StoreOptions } from '../store/store-config.ts'
import { createLogger, logLevels, unfailing } from './logger.ts'

/** Options of `createWorker`. */
export interface WorkerOptions {
  /** Left out: `DURABLE_JOBS_STORE`, else `sqlite:.durable-jobs/jobs.db`. */
  store?: string | StoreOptions
  jobs: readonly Job[]
  /** Left out: every queue that holds runs of these jobs, taking turns. */
  queues?: readonly string[]
  /** `strict`: a queue only gets slots that those before it in `queues` leave. Default `turns`. */
  queueOrder?: 'turns' | 'strict'
  /** Runs worked on at the same time. Default 10; in an ECS task of less than 1 vCPU, 10 per vCPU. */
  concurrency?: number
  middleware?: readonly Middleware[]
  /** Anything in pino's shape. Default: JSON lines on stdout, readable on a terminal. */
  logger?: Logger
  /** Readable name of the process. Default `host:pid:random`. */
  name?: string
  /** Serves `/live` and `/ready` on this port; 0 picks a free one. Default: none. */
  healthPort?: number
  /** Whether `run()` drains on SIGTERM and SIGINT. Default true. */
  handleSignals?: boolean
  /** The time that the platform grants between SIGTERM and SIGKILL. Default 30 s, of which 5 s are kept as a margin. */
  stopTimeout?: Duration
  /** How long a step may block the event loop before the worker counts as lost. Default 60 s. */
  maxBlocked?: Duration
  /** How long a silent worker keeps its runs. Default 10 s, renewed every 3 s. */
  lease?: Duration
  /** Whether this worker may lead: do the duties of the fleet, and run functions given to `onLeader`. Default true. */
  leader?: boolean
  /**
   * While it leads, this worker prints the fleet's metrics to stdout once a minute, for this namespace of CloudWatch.
   * Default: none.
   */
  emfNamespace?: string
}

/** Checked; durations in ms, nothing left out. */
export interface WorkerConfig {
  readonly store: StoreConfig
  readonly jobs: ReadonlyMap<string, Job>
  readonly registered: readonly WorkerJob[]
  readonly limiters: readonly WorkerLimiter[]
  readonly queues: readonly string[] | undefined
  readonly queueOrder: QueueOrder
  readonly concurrency: number
  /** Whether it was set: otherwise the task's vCPU decides. */
  readonly isConcurrencyGiven: boolean
  readonly middleware: readonly Middleware[]
  readonly log: Logger
  readonly name: string
  readonly healthPort: number | undefined
  readonly handleSignals: boolean
  /** How long runs have to reach a step edge once a stop has begun, and how long the whole stop may take. */
  readonly drainMs: number
  readonly stopMs: number
  readonly maxBlockedMs: number
  readonly leaseMs: number
  readonly campaigns: boolean
  readonly emfNamespace: string | undefined
  readonly terms: TermTimes
  /** How often a worker with protection configured reads the list of workers. */
  readonly peerCheckMs: number
  readonly clock: Clock
}

/** Used if one core runs the code of the jobs. */
export const defaultConcurrency = 10
/** The margin of `stopTimeout` for the last store calls and the exit. */
export const stopMarginMs = 5_000
/** The part of that for the exit itself, which a busy machine delays. */
const exitMarginMs = 1_000
const shortestLeaseMs = 300
const peerCheckMs = 10_000
const known = [
  'store',
  'jobs',
  'queues',
  'queueOrder',
  'concurrency',
  'middleware',
  'logger',
  'name',
  'healthPort',
  'handleSignals',
  'stopTimeout',
  'maxBlocked',
  'lease',
  'leader',
  'emfNamespace',
]

/** @throws InvalidOptionsError naming the wrong option. */
export function parseWorkerOptions(options: WorkerOptions, clock: Clock = systemClock): WorkerConfig {
  checkKnownOptions(options, known, 'createWorker')
  const jobs = parseJobs(options.jobs)
  const stopTimeoutMs = parseDuration(options.stopTimeout ?? '30s', 'stopTimeout')
  return {
    store: parseStoreConfig(options.store),
    jobs,
    registered: [...jobs.values()].map(registration),
    limiters: limitersOf([...jobs.values()]),
    queues: parseQueues(options.queues),
    queueOrder: parseQueueOrder(options),
    concurrency: parseCount(options.concurrency ?? defaultConcurrency, 'concurrency', 1, 10_000),
    isConcurrencyGiven: options.concurrency !== undefined,
    middleware: parseMiddleware(options.middleware ?? []),
    log: options.logger === undefined ? createLogger({ clock }) : parseLogger(options.logger),
    name: parseName(options.name),
    healthPort:
      options.healthPort === undefined ? undefined : parseCount(options.healthPort, 'healthPort', 0, 65_535),
    handleSignals: options.handleSignals ?? true,
    drainMs: Math.max(stopTimeoutMs - stopMarginMs, stopTimeoutMs / 2),
    stopMs: Math.max(stopTimeoutMs - exitMarginMs, stopTimeoutMs * 0.8),
    maxBlockedMs: parseDuration(options.maxBlocked ?? '60s', 'maxBlocked'),
    leaseMs: parseLease(options.lease),
    campaigns: parseLeader(options.leader),
    emfNamespace: parseEmfNamespace(options.emfNamespace),
    terms: termTimes,
    peerCheckMs,
    clock,
  }
}

function parseJobs(jobs: unknown): ReadonlyMap<string, Job> {
  if (!Array.isArray(jobs) || jobs.length === 0) {
    throw new InvalidOptionsError('jobs: name at least one job, made by defineJob')
  }
  const byName = new Map<string, Job>()
  for (const job of jobs) {
    if (!isJob(job)) throw new InvalidOptionsError('jobs: every entry must be made by defineJob')
    const other = byName.get(job.name)
    if (other !== undefined && other !== job)
      throw new InvalidOptionsError(`jobs: two jobs are named '${job.name}'`)
    byName.set(job.name, job)
  }
  return byName
}

function registration(job: Job): WorkerJob {
  const digest = createHash('sha256').update(definitionText(job)).digest('hex').slice(0, 16)
  return { name: job.name, version: job.version, queue: job.queue, digest }
}

/** @throws InvalidOptionsError when two limiters of one name differ. */
function limitersOf(jobs: readonly Job[]): readonly WorkerLimiter[] {
  const byName = new Map<string, WorkerLimiter>()
  for (const { limiter } of jobs.flatMap((job) => job.limits)) {
    const { name, rule } = limiter
    const other = byName.get(name)
    if (other !== undefined) refuseOtherRule(name, other.rule, rule)
    byName.set(name, { name, rule })
  }
  return [...byName.values()]
}

function parseQueues(queues: readonly string[] | undefined): readonly string[] | undefined {
  if (queues === undefined) return undefined
  const names = Array.isArray(queues) && queues.length > 0 && queues.every(isName)
  if (!names)
    throw new InvalidOptionsError("queues: write a list of names, ['imports', 'mails'], or leave it out")
  return queues
}

function parseQueueOrder({ queueOrder = 'turns', queues }: WorkerOptions): QueueOrder {
  if (queueOrder === 'turns') return queueOrder
  if (queueOrder !== 'strict')
    throw new InvalidOptionsError(`queueOrder: write 'turns' or 'strict', not '${String(queueOrder)}'`)
  if (queues !== undefined) return queueOrder
  throw new InvalidOptionsError(
    "queueOrder: 'strict' goes by the order of queues; name them, the first one first",
  )
}

function parseMiddleware(middleware: unknown): readonly Middleware[] {
  if (Array.isArray(middleware) && middleware.every((one) => typeof one === 'object' && one !== null)) {
    return middleware as readonly Middleware[]
  }
  throw new InvalidOptionsError(
    'middleware: write a list of objects with enqueue, claim, run or step functions',
  )
}

function parseLogger(logger: Logger): Logger {
  const complete = logLevels.every((level) => typeof logger?.[level] === 'function')
  if (complete) return unfailing(logger)
  throw new InvalidOptionsError(`logger: it must have the functions ${logLevels.join(', ')}, as pino has`)
}

function parseName(name: string | undefined): string {
  if (name === undefined) return `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`
  if (typeof name === 'string' && name !== '') return name
  throw new InvalidOptionsError('name: write a non-empty string')
}

function parseLease(lease: Duration | undefined): number {
  const ms = parseDuration(lease ?? '10s', 'lease')
  if (ms >= shortestLeaseMs) return ms
  throw new InvalidOptionsError(
    `lease: ${ms} ms is too short to be renewed in time; write ${shortestLeaseMs} ms or more`,
  )
}

function parseLeader(leader: boolean | undefined): boolean {
  if (leader === undefined || typeof leader === 'boolean') return leader ?? true
  throw new InvalidOptionsError('leader: write false to keep this worker from leading, or leave it out')
}

/** The characters that CloudWatch allows. */
const namespacePattern = /^(?!AWS\/)[\w.\-/#][\w.\-/#: ]{0,254}$/

function parseEmfNamespace(namespace: string | undefined): string | undefined {
  if (namespace === undefined || namespacePattern.test(namespace)) return namespace
  throw new InvalidOptionsError(
    `emfNamespace: '${namespace}' is no namespace of CloudWatch; write up to 255 letters, digits, blanks or . - _ / # :, not ` +
      "beginning with 'AWS/'",
  )
}

function parseCount(value: number, option: string, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new InvalidOptionsError(`${option}: ${value} is not a whole number from ${least} to ${most}`)
}
