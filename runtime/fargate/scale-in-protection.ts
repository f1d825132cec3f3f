import { type Duration, parseDuration } from '../model/duration.ts'
import { formatDuration } from '../model/format-duration.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import type { Middleware } from '../model/middleware.ts'
import {
  type Protection,
  type ProtectionDeps,
  type ProtectionMode,
  type ProtectionSource,
  protectionBrand,
  protectionModes,
} from '../model/protection.ts'
import { type HolderOptions, holderRules } from './holder-rules.ts'
import { openTransport } from './open-transport.ts'
import { type KnownTask, SharedHolder } from './shared-holder.ts'
import { TaskHolder } from './task-holder.ts'
import { WorkerProtection } from './worker-protection.ts'

/** Options of `scaleInProtection`. */
export interface ScaleInProtectionOptions {
  /** Default: `best-effort` in an ECS task, `off` elsewhere. */
  mode?: ProtectionMode
  /** How long each request protects the task, in whole minutes from 2 on. Default 5m. */
  period?: Duration
  /** How long the task may be protected without a gap. Default 2h: below the 3 h that CloudFormation waits. */
  maxTotal?: Duration
}

/** Checked. */
interface ProtectionConfig {
  readonly mode: ProtectionMode | undefined
  readonly periodMinutes: number
  readonly maxTotalMs: number
}

/** Parts that a test replaces. */
export interface ProtectionHooks {
  readonly env?: NodeJS.ProcessEnv
  /** A shorter minute than ECS has. */
  readonly minuteMs?: number
}

const known = ['mode', 'period', 'maxTotal']
const minuteMs = 60_000
const fewestMinutes = 2
/** The most that ECS takes: two days. */
const maxMinutes = 2_880

/** One holder per task, for all workers of the process. */
const holders = new Map<string, SharedHolder>()

/**
 * Keeps ECS from ending the task by scale-in or by a deployment while it works on runs that need protection. Put it
 * into `middleware` of `createWorker`.
 * @throws InvalidOptionsError
 * @example
 * createWorker({ jobs, middleware: [scaleInProtection({ mode: 'required' })] })
 */
export function scaleInProtection(options: ScaleInProtectionOptions = {}): Middleware & ProtectionSource {
  return sourceOf(parseOptions(options), {})
}

/** As `scaleInProtection`, with parts replaced. */
export function hookedScaleInProtection(
  options: ScaleInProtectionOptions,
  hooks: ProtectionHooks,
): Middleware & ProtectionSource {
  return sourceOf(parseOptions(options, hooks.minuteMs), hooks)
}

function sourceOf(config: ProtectionConfig, hooks: ProtectionHooks): Middleware & ProtectionSource {
  return {
    [protectionBrand]: protectionBrand as typeof protectionBrand,
    open: (deps) => openProtection(config, hooks, deps),
  }
}

async function openProtection(
  { mode, ...config }: ProtectionConfig,
  hooks: ProtectionHooks,
  deps: ProtectionDeps,
): Promise<Protection | undefined> {
  const task: KnownTask = { identity: undefined }
  const way = await openTransport(mode, hooks.env ?? process.env, deps, () => task.identity)
  if (way === undefined) return undefined
  warnOfLongJobs(deps, config.maxTotalMs)
  const options = { ...config, mode: way.mode, minuteMs: hooks.minuteMs ?? minuteMs }
  const shared = await joinHolder(way.task, options, () => {
    const holder = new TaskHolder(holderRules(options), { ...deps, transport: way.transport })
    return new SharedHolder(holder, task, () => void holders.delete(way.task))
  })
  const protection = new WorkerProtection(shared)
  way.identity.onKnown((identity) => shared.learn(identity))
  return protection
}

/** Returns the holder that other workers of this process already use, else a new one, joined. */
async function joinHolder(
  task: string,
  options: HolderOptions,
  make: () => SharedHolder,
): Promise<SharedHolder> {
  // The release of the last holder must have ended before this one asks.
  while (holders.get(task)?.closing !== undefined) await holders.get(task)?.closing
  const open = holders.get(task)
  if (open !== undefined) {
    refuseOtherOptions(open, options)
    open.join()
    return open
  }
  const made = make()
  made.join()
  holders.set(task, made)
  return made
}

/** @throws InvalidOptionsError: two workers of a process can't protect one task by different rules. */
function refuseOtherOptions({ holder }: SharedHolder, options: HolderOptions): void {
  const wanted = holderRules(options)
  const isSame = (['mode', 'periodMinutes', 'maxTotalMs'] as const).every(
    (key) => holder.rules[key] === wanted[key],
  )
  if (isSame) return
  throw new InvalidOptionsError(
    'scaleInProtection: another worker of this process protects the same task with other options; give all workers one ' +
      'scaleInProtection()',
  )
}

function warnOfLongJobs({ jobs, log }: ProtectionDeps, maxTotalMs: number): void {
  for (const { name, timeoutMs } of jobs) {
    if (timeoutMs === undefined || timeoutMs <= maxTotalMs / 2) continue
    log.warn(
      { job: name, timeout: formatDuration(timeoutMs), maxTotal: formatDuration(maxTotalMs) },
      `job '${name}' may run for ${formatDuration(timeoutMs)}, but from half of maxTotal on protection may end before it ` +
        'does; lower its timeout or raise maxTotal',
    )
  }
}

/** @throws InvalidOptionsError naming the wrong option. */
function parseOptions(options: ScaleInProtectionOptions, ofMinute = minuteMs): ProtectionConfig {
  checkKnownOptions(options, known, 'scaleInProtection')
  const { mode } = options
  if (mode !== undefined && !protectionModes.includes(mode)) {
    throw new InvalidOptionsError(`mode: write one of ${protectionModes.join(', ')}, not '${String(mode)}'`)
  }
  const periodMinutes = parseMinutes(options.period ?? 5 * ofMinute, ofMinute)
  const maxTotalMs = parseDuration(options.maxTotal ?? 120 * ofMinute, 'maxTotal')
  const leastTotalMs = 2 * periodMinutes * ofMinute
  if (maxTotalMs < leastTotalMs) {
    throw new InvalidOptionsError(
      `maxTotal: ${formatDuration(maxTotalMs)} is less than two periods (${formatDuration(leastTotalMs)}): no run could be ` +
        'claimed after the first renewal; raise it or lower period',
    )
  }
  return { mode, periodMinutes, maxTotalMs }
}

/** ECS counts in whole minutes, and a run starts with at least one minute left. */
function parseMinutes(period: Duration, ofMinute: number): number {
  const minutes = parseDuration(period, 'period') / ofMinute
  if (Number.isInteger(minutes) && minutes >= fewestMinutes && minutes <= maxMinutes) return minutes
  throw new InvalidOptionsError(
    `period: ${formatDuration(minutes * ofMinute)} is not possible; ECS counts in whole minutes, use '2m' to '2880m'`,
  )
}
