import { randomUUID } from 'node:crypto'
import type { CallLog } from './call-log.ts'
import type { FakeCluster } from './fake-cluster.ts'
import { type HttpReply, type HttpRequest, jsonReply } from './loopback-server.ts'

const path = /^\/v2\/credentials\/([^/]+)$/
const validMs = 6 * 3_600_000

/** The credentials of the task's role, so that an SDK inside a task finds them as on Fargate. */
export class CredentialsEndpoint {
  readonly #cluster: FakeCluster
  readonly #calls: CallLog

  constructor(cluster: FakeCluster, calls: CallLog) {
    this.#cluster = cluster
    this.#calls = calls
  }

  /** Returns undefined for a path that is not one of credentials. */
  handle(request: HttpRequest): HttpReply | undefined {
    const id = path.exec(request.path)?.[1]
    if (id === undefined || request.method !== 'GET') return undefined
    const task = this.#cluster.task(id)
    const known = task?.definition.taskRole === true && task.status !== 'STOPPED'
    this.#calls.add({
      at: this.#cluster.clock.now(),
      door: 'credentials',
      operation: 'credentials',
      tasks: task === undefined ? [] : [task.arn],
      invocation: randomUUID(),
      attempt: 1,
      outcome: known ? 'ok' : 'error 400',
    })
    if (task === undefined || !known)
      return jsonReply(400, { code: 'InvalidIdInRequest', message: 'No such id' })
    return jsonReply(200, {
      RoleArn: this.#cluster.arns.taskRole(task.definition.family),
      AccessKeyId: 'ASIAFAKEFAKEFAKEFAKE',
      SecretAccessKey: 'fake',
      Token: 'fake',
      Expiration: new Date(Date.now() + validMs).toISOString(),
    })
  }
}
