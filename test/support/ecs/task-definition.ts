import { createHash } from 'node:crypto'
import type { Arns } from './arns.ts'
import { AwsError } from './aws-error.ts'

export interface ContainerDefinition {
  readonly name: string
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]]
  /** The folder it starts in. This process's own if left out. */
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Whether the task ends with it. True if left out. */
  readonly essential?: boolean
  /**
   * From SIGTERM to SIGKILL, 30 s if left out. In milliseconds of the clock, not in fake minutes: real processes need
   * real time to end.
   */
  readonly stopTimeoutMs?: number
  /** The restart policy: the container restarts inside the task if it has run for this long. No restart by default. */
  readonly restart?: { readonly afterMs: number }
  readonly image?: string
}

export interface TaskDefinitionInput {
  readonly family: string
  readonly containers: readonly [ContainerDefinition, ...ContainerDefinition[]]
  /** CPU units, 1,024 per vCPU. */
  readonly cpu?: number
  /** MiB. */
  readonly memory?: number
  /** Whether the task has a role. Without one the agent refuses with 403. Default: true. */
  readonly taskRole?: boolean
  /** Whether containers get `ECS_AGENT_URI`. Default: true. */
  readonly agentUri?: boolean
}

/** A container as it runs, with the defaults of its definition. */
export interface ContainerPlan extends Required<Omit<ContainerDefinition, 'restart'>> {
  readonly restart: { readonly afterMs: number } | undefined
  readonly imageDigest: string
}

export interface TaskDefinition {
  readonly arn: string
  readonly family: string
  readonly revision: number
  readonly containers: readonly ContainerPlan[]
  readonly cpu: number
  readonly memory: number
  readonly taskRole: boolean
  readonly agentUri: boolean
}

const maxStopTimeoutMs = 120_000

/** The registered task definitions; each registration of a family is its next revision. */
export class TaskDefinitions {
  readonly #arns: Arns
  readonly #families = new Map<string, TaskDefinition[]>()

  constructor(arns: Arns) {
    this.#arns = arns
  }

  register(input: TaskDefinitionInput): TaskDefinition {
    const revisions = this.#families.get(input.family) ?? []
    this.#families.set(input.family, revisions)
    const revision = revisions.length + 1
    const definition: TaskDefinition = {
      arn: this.#arns.taskDefinition(input.family, revision),
      family: input.family,
      revision,
      containers: input.containers.map((container) => planOf(container, input.family, revision)),
      cpu: input.cpu ?? 1_024,
      memory: input.memory ?? 2_048,
      taskRole: input.taskRole ?? true,
      agentUri: input.agentUri ?? true,
    }
    revisions.push(definition)
    return definition
  }

  /** Finds a definition by `family` (its latest), `family:revision` or ARN. */
  find(nameOrArn: string): TaskDefinition {
    const name = nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1)
    const [family = '', revision] = name.split(':')
    const revisions = this.#families.get(family) ?? []
    const found = revision === undefined ? revisions.at(-1) : revisions[Number(revision) - 1]
    if (found === undefined) throw new AwsError('ClientException', 'Unable to describe task definition.')
    return found
  }
}

function planOf(container: ContainerDefinition, family: string, revision: number): ContainerPlan {
  const stopTimeoutMs = container.stopTimeoutMs ?? 30_000
  if (stopTimeoutMs > maxStopTimeoutMs) {
    throw new AwsError('ClientException', `stopTimeout on Fargate is at most ${maxStopTimeoutMs / 1_000} s.`)
  }
  const image = container.image ?? `${family}:${revision}`
  return {
    name: container.name,
    command: container.command,
    cwd: container.cwd ?? process.cwd(),
    environment: container.environment ?? {},
    essential: container.essential ?? true,
    stopTimeoutMs,
    restart: container.restart,
    image,
    imageDigest: `sha256:${createHash('sha256').update(image).digest('hex')}`,
  }
}
