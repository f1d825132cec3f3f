import { type Protection, protectionSourceIn } from '../model/protection.ts'
import type { WorkerConfig } from './worker-options.ts'

export interface OpenProtection {
  readonly protection: Protection
  /** Gives protection back, and ends what reads who the task is. */
  close(): Promise<void>
}

/**
 * Opens the scale-in protection that a worker's middleware names; undefined when none does. What knows ECS is loaded only
 * then.
 * @throws ProtectionUnavailableError, AwsSdkMissingError, InvalidOptionsError
 */
export async function openProtection(config: WorkerConfig): Promise<OpenProtection | undefined> {
  const source = protectionSourceIn(config.middleware)
  if (source === undefined) return undefined
  const { clock, log } = config
  const { openTaskIdentity } = await import('../fargate/open-task-identity.ts')
  const identity = openTaskIdentity({ clock, log })
  const jobs = [...config.jobs.values()].flatMap(({ name, protect, timeoutMs }) =>
    protect === undefined ? [] : [{ name, timeoutMs }],
  )
  try {
    const protection = await source.open({ clock, log, identity, jobs })
    const close = async (): Promise<void> => {
      await protection.close()
      await identity?.close()
    }
    return { protection, close }
  } catch (error) {
    await identity?.close()
    throw error
  }
}
