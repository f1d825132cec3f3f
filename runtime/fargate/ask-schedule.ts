import type { SilentTask } from '../store/lost-workers.ts'
import type { LeaseId } from '../store/store.ts'

/** The record of a lost worker whose task has not been found stopped. */
interface Memory {
  asked: number
  askAt: number
  outlivedWorker: boolean
}

const firstPauseMs = 5_000
const maxPauseMs = 300_000

/**
 * Decides when ECS is asked about which worker: about a silent one at every opportunity, since its lease ends soon;
 * about a lost one after doubling pauses, until the store no longer lists it.
 */
export class AskSchedule {
  readonly #lost = new Map<LeaseId, Memory>()

  /** Returns the workers in `told` that are due, of at most `maxTasks` tasks. Drops lost workers that aren't in it. */
  due(told: readonly SilentTask[], now: number, maxTasks: number): readonly SilentTask[] {
    const leases = new Set(told.map(({ lease }) => lease))
    for (const lease of this.#lost.keys()) if (!leases.has(lease)) this.#lost.delete(lease)
    const due = told.filter((worker) => this.#askAt(worker) <= now)
    // First those that were never asked about, then those that have waited longest, so that every task gets its turn.
    due.sort((a, b) => this.#askAt(a) - this.#askAt(b))
    const tasks = new Set([...new Set(due.map(({ taskArn }) => taskArn))].slice(0, maxTasks))
    return due.filter(({ taskArn }) => tasks.has(taskArn))
  }

  #askAt({ lease, state }: SilentTask): number {
    const never = Number.NEGATIVE_INFINITY
    return state === 'silent' ? never : (this.#lost.get(lease)?.askAt ?? never)
  }

  /**
   * ECS was asked about the worker: it's due again after the pause, if still listed. `isRunning`: its task is running
   * and was not told to stop.
   */
  putOff({ lease, state }: SilentTask, now: number, isRunning: boolean): void {
    if (state === 'silent') return
    const { asked = 0, outlivedWorker = false } = this.#lost.get(lease) ?? {}
    const askAt = now + Math.min(maxPauseMs, firstPauseMs * 2 ** asked)
    this.#lost.set(lease, { asked: asked + 1, askAt, outlivedWorker: outlivedWorker || isRunning })
  }

  /** Whether the worker's task was once found running after the worker had been lost. */
  outlived({ lease }: SilentTask): boolean {
    return this.#lost.get(lease)?.outlivedWorker ?? false
  }
}
