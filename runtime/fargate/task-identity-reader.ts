import { type Clock, pause } from '../model/clock.ts'
import type { Logger } from '../model/job.ts'
import type { TaskIdentitySource } from '../model/protection.ts'
import type { TaskIdentity } from '../model/task-identity.ts'
import { messageOf } from '../model/thrown.ts'
import { parseTaskMetadata } from './parse-task-metadata.ts'
import { type JsonReply, requestJson } from './request-json.ts'

export interface TaskIdentityDeps {
  readonly clock: Clock
  readonly log: Logger
  /** The service of the task if the metadata doesn't name it, as Fargate doesn't guarantee that. */
  readonly service?: string | undefined
}

const deadlineMs = 2_000
const firstPauseMs = 250
const maxPauseMs = 30_000
/** Of failures in a row, logs the one after which a start-up delay becomes unlikely. */
const loggedFailure = 3

/**
 * Reads the identity of the task, repeatedly until it's known: the endpoint may reply late or fail while the container
 * starts, and one failure must not disable protection for good.
 */
export class TaskIdentityReader implements TaskIdentitySource {
  readonly #uri: string
  readonly #deps: TaskIdentityDeps
  readonly #over = new AbortController()
  readonly #listeners: ((identity: TaskIdentity) => void)[] = []
  readonly #reading: Promise<void>
  #current: TaskIdentity | undefined

  /** Begins to read at once. @param metadataUri The value of `ECS_CONTAINER_METADATA_URI_V4`. */
  constructor(metadataUri: string, deps: TaskIdentityDeps) {
    this.#uri = metadataUri.replace(/\/+$/, '')
    this.#deps = deps
    this.#reading = this.#readUntilKnown()
  }

  get current(): TaskIdentity | undefined {
    return this.#current
  }

  onKnown(listener: (identity: TaskIdentity) => void): void {
    if (this.#current === undefined) this.#listeners.push(listener)
    else listener(this.#current)
  }

  /** Ends the reading. Resolves when nothing is in flight. */
  async close(): Promise<void> {
    this.#over.abort()
    await this.#reading
  }

  async #readUntilKnown(): Promise<void> {
    const { clock, log } = this.#deps
    for (let failures = 0; !this.#over.signal.aborted; ) {
      try {
        const identity = await this.#read()
        if (this.#over.signal.aborted) return
        if (failures >= loggedFailure) log.info({ task: identity.taskArn }, 'the task metadata could be read')
        this.#current = identity
        for (const listener of this.#listeners.splice(0)) listener(identity)
        return
      } catch (error) {
        if (this.#over.signal.aborted) return
        failures++
        if (failures === loggedFailure) {
          log.warn(
            { reason: messageOf(error) },
            'the task metadata could not be read; trying again until it succeeds',
          )
        }
        await pause(clock, pauseMs(failures, clock.random()), this.#over.signal)
      }
    }
  }

  async #read(): Promise<TaskIdentity> {
    const [task, container] = await Promise.all([this.#get('/task'), this.#get('')])
    for (const { status } of [task, container]) {
      if (status !== 200) throw new Error(`the metadata endpoint replied with HTTP ${status}`)
    }
    const identity = parseTaskMetadata(task.body, container.body)
    if (identity === undefined)
      throw new Error('the metadata endpoint replied without TaskARN, Cluster, Family or Revision')
    const { service } = this.#deps
    return service === undefined ? identity : { service, ...identity }
  }

  #get(path: string): Promise<JsonReply> {
    return this.#withDeadline((signal) => requestJson(`${this.#uri}${path}`, { method: 'GET', signal }))
  }

  async #withDeadline<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController()
    const cancel = this.#deps.clock.after(deadlineMs, () =>
      late.abort(new Error(`no reply within ${deadlineMs} ms`)),
    )
    try {
      return await call(AbortSignal.any([late.signal, this.#over.signal]))
    } finally {
      cancel()
    }
  }
}

/** Doubles up to 30 s, half of it jitter. */
function pauseMs(failures: number, random: number): number {
  return Math.min(maxPauseMs, firstPauseMs * 2 ** Math.min(failures, 10)) * (0.5 + random / 2)
}
