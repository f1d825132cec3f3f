import type { StandardSchemaV1 } from '@standard-schema/spec'
import { parseDuration } from './duration.ts'
import { InvalidOptionsError } from './invalid-options-error.ts'
import { type Context, type Job, type JobOptions, jobBrand, type OnFailed } from './job.ts'
import { checkKnownOptions } from './known-options.ts'
import { parseJobLimits } from './limit-use.ts'
import { maxVersion } from './max-version.ts'
import { isName, maxNameBytes } from './name.ts'
import { checkNodeVersion } from './node-version-error.ts'
import { parsePriority } from './priority.ts'
import { parseProtect } from './protect.ts'
import { parseRetry } from './retry-policy.ts'
import { parseSchedule, type ScheduleOptions } from './schedule-options.ts'
import { isStandardSchema } from './standard-schema.ts'
import { parseUnique } from './unique.ts'

const known = [
  'name',
  'version',
  'input',
  'queue',
  'priority',
  'retry',
  'timeout',
  'limits',
  'schedule',
  'unique',
  'protect',
  'onFailed',
]

/**
 * Defines a job: a name, its options, and an async function made of steps.
 * Types come from the schema, or from the type arguments: `defineJob<Input, Output>({ … }, …)`.
 * @throws InvalidOptionsError naming the wrong option, NodeVersionError
 * @example
 * export const welcome = defineJob(
 *   { name: 'welcome', input: z.object({ email: z.email() }) },
 *   async ({ input, step }) => {
 *     await step.sleep('let them look around', '10m')
 *     return step.run('send mail', () => sendMail(input.email))
 *   },
 * )
 */
export function defineJob<I = undefined, O = unknown, P = I>(
  options: JobOptions<I, P>,
  handler: (context: Context<P>) => O | Promise<O>,
): Job<I, O> {
  checkNodeVersion()
  const { name, version = 1, queue = 'default' } = options ?? {}
  if (!isName(name) || name.trim() === '')
    throw new InvalidOptionsError(`defineJob: give the job a name, ${maxNameBytes} bytes at most`)
  const at = `job '${name}'`
  checkKnownOptions(options, known, at)
  if (typeof handler !== 'function')
    throw new InvalidOptionsError(`${at}: the second argument must be a function`)
  if (!Number.isInteger(version) || version < 1 || version > maxVersion)
    throw new InvalidOptionsError(`${at}: version must be 1, 2, 3 …, ${maxVersion} at most`)
  if (!isName(queue))
    throw new InvalidOptionsError(`${at}: queue must be a name, ${maxNameBytes} bytes at most`)
  if (options.onFailed !== undefined && typeof options.onFailed !== 'function') {
    throw new InvalidOptionsError(`${at}: onFailed must be a function`)
  }
  if (options.input !== undefined && !isStandardSchema(options.input)) {
    throw new InvalidOptionsError(`${at}: input must be a Standard Schema (zod, valibot, arktype …)`)
  }
  return Object.freeze({
    [jobBrand]: jobBrand as typeof jobBrand,
    name,
    version,
    queue,
    priority: options.priority === undefined ? 0 : parsePriority(options.priority, `${at}: priority`),
    retry: parseRetry(options.retry, `${at}: retry`),
    timeoutMs: options.timeout === undefined ? undefined : parseDuration(options.timeout, `${at}: timeout`),
    unique: parseUnique(options.unique, name),
    protect: parseProtect(options.protect, at),
    schema: options.input as StandardSchemaV1 | undefined,
    schedule:
      options.schedule === undefined
        ? undefined
        : parseSchedule(options.schedule as ScheduleOptions<never>, `${at}: schedule`),
    limits: parseJobLimits(options.limits ?? [], `${at}: limits`),
    onFailed: options.onFailed as OnFailed | undefined,
    handler: handler as Job['handler'],
  })
}
