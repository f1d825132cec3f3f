import { type Protection, protectionSourceIn, type TaskIdentitySource } from '../model/protection.ts'
import type { WorkerConfig } from './worker-options.ts'

/**
 * Opens the scale-in protection that a worker's middleware names; undefined when none does.
 * @throws ProtectionUnavailableError, AwsSdkMissingError, InvalidOptionsError
 */
export async function openProtection(
  { clock, jobs, log, middleware }: WorkerConfig,
  identity: TaskIdentitySource | undefined,
): Promise<Protection | undefined> {
  const wanting = [...jobs.values()].flatMap(({ name, protect, timeoutMs }) =>
    protect === undefined ? [] : [{ name, timeoutMs }],
  )
  return protectionSourceIn(middleware)?.open({ clock, log, identity, jobs: wanting })
}
