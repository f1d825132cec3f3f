import { type Protection, protectionSourceIn, type TaskIdentitySource } from '../model/protection.ts'
import type { WorkerConfig } from './worker-options.ts'

/**
 * Opens the scale-in protection that a worker's middleware names; undefined without one, which is logged as a warning
 * in a task whose jobs need it.
 * @throws ProtectionUnavailableError, AwsSdkMissingError, InvalidOptionsError
 */
export async function openProtection(
  { clock, jobs, log, middleware }: WorkerConfig,
  identity: TaskIdentitySource | undefined,
): Promise<Protection | undefined> {
  const wanting = [...jobs.values()].flatMap(({ name, protect, timeoutMs }) =>
    protect === undefined ? [] : [{ name, timeoutMs }],
  )
  const source = protectionSourceIn(middleware)
  if (source === undefined && identity !== undefined && wanting.length > 0) {
    log.warn(
      { jobs: wanting.map(({ name }) => name) },
      "jobs want scale-in protection, and this worker doesn't ask for it: start it with --protect, or scaleInProtection() " +
        'in its middleware',
    )
  }
  return source?.open({ clock, log, identity, jobs: wanting })
}
