import { type Clock, pause } from '../model/clock.ts'
import { outageKindOf } from '../model/errors.ts'
import type { Logger } from '../model/job.ts'
import type { Protection } from '../model/protection.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { WorkerInfo } from '../store/worker-info.ts'
import { processId } from './self-report.ts'
import { judgePeers } from './task-peers.ts'

export interface PeerCheckDeps {
  readonly clock: Clock
  readonly log: Logger
  readonly protection: Pick<Protection, 'shareTask' | 'supersede'>
  readonly workers: () => Promise<readonly WorkerInfo[]>
  readonly everyMs: number
}

/** From this many workers on each reads less often, so that all of them together send the store no more calls. */
const manyWorkers = 100

/**
 * Reads the list of workers now and then, and tells the task's holder the consequences: whether another process has its
 * task, and whether a newer revision has started. Only workers with protection configured do. The last result holds
 * while the store can't be read.
 */
export class PeerCheck {
  readonly #deps: PeerCheckDeps
  readonly #over = new AbortController()
  #shared = false
  #newerRevision: string | undefined
  #checking: Promise<void> = Promise.resolve()

  constructor(deps: PeerCheckDeps) {
    this.#deps = deps
  }

  begin(): void {
    this.#checking = this.#checkOn()
  }

  /** Resolves when no read is in flight. */
  async close(): Promise<void> {
    this.#over.abort()
    await this.#checking
  }

  async #checkOn(): Promise<void> {
    const { clock, everyMs, log, workers } = this.#deps
    while (!this.#over.signal.aborted) {
      let count = 0
      try {
        const all = await workers()
        count = all.length
        if (!this.#over.signal.aborted) this.#judge(all)
      } catch (error) {
        if (outageKindOf(error) === undefined)
          log.warn({ err: toStoredError(error) }, 'the other workers could not be read; asking again')
      }
      const pauseMs = everyMs * Math.max(1, count / manyWorkers)
      await pause(clock, pauseMs * (0.8 + 0.4 * clock.random()), this.#over.signal)
    }
  }

  #judge(workers: readonly WorkerInfo[]): void {
    const { log, protection } = this.#deps
    // Not by its name: all workers of a program may have one.
    const own = workers.find(({ task }) => task?.process === processId)?.task
    if (own === undefined) return
    const { sharedWith, newerRevision } = judgePeers(own, workers)
    const isShared = sharedWith.length > 0
    if (isShared && !this.#shared) {
      log.warn(
        { task: own.taskArn, workers: sharedWith },
        'another process works in the same ECS task, and each call of one resets the protection of the other; this worker ' +
          'lets its protection expire instead of giving it back. Run one worker process per task',
      )
    }
    this.#shared = isShared
    if (newerRevision !== undefined && newerRevision !== this.#newerRevision) {
      log.info(
        { task: own.taskArn, revision: newerRevision },
        `a newer revision of its task family, ${newerRevision}, has started: no new protected runs`,
      )
    }
    this.#newerRevision = newerRevision
    protection.shareTask(isShared)
    protection.supersede(newerRevision !== undefined)
  }
}
