import { randomUUID } from 'node:crypto'

/** Builds the ARNs of one cluster. */
export class Arns {
  readonly region: string
  readonly account: string
  readonly clusterName: string

  constructor(region: string, account: string, clusterName: string) {
    this.region = region
    this.account = account
    this.clusterName = clusterName
  }

  get cluster(): string {
    return this.#arn(`cluster/${this.clusterName}`)
  }

  task(id: string): string {
    return this.#arn(`task/${this.clusterName}/${id}`)
  }

  container(taskId: string): string {
    return this.#arn(`container/${this.clusterName}/${taskId}/${randomUUID()}`)
  }

  service(name: string): string {
    return this.#arn(`service/${this.clusterName}/${name}`)
  }

  taskDefinition(family: string, revision: number): string {
    return this.#arn(`task-definition/${family}:${revision}`)
  }

  /** The role of the task, which the agent signs its calls with. */
  taskRole(family: string): string {
    return `arn:aws:iam::${this.account}:role/${family}-task`
  }

  #arn(resource: string): string {
    return `arn:aws:ecs:${this.region}:${this.account}:${resource}`
  }
}

/** Returns the last part of an ARN, or the text itself if it is a plain name or id. */
export function resourceName(arnOrName: string): string {
  return arnOrName.slice(arnOrName.lastIndexOf('/') + 1)
}
