import type { Clock } from '../model/clock.ts'
import type { Logger } from '../model/job.ts'
import { ecsEnvironment } from './ecs-environment.ts'
import { TaskIdentityReader } from './task-identity-reader.ts'

/** Begins to read the identity of the task this process runs in; undefined outside ECS, where nothing is logged either. */
export function openTaskIdentity(deps: {
  readonly clock: Clock
  readonly log: Logger
  readonly env?: NodeJS.ProcessEnv
}): TaskIdentityReader | undefined {
  const { metadataUri, service } = ecsEnvironment(deps.env ?? process.env) ?? {}
  return metadataUri === undefined ? undefined : new TaskIdentityReader(metadataUri, { ...deps, service })
}
