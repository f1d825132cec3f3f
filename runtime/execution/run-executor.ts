import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { lazyViews } from '../model/lazy-view.ts'
import { type ExecutionContext, through } from '../model/middleware.ts'
import type { ExecutionOutcome } from '../model/outcome.ts'
import { toStoredError } from '../model/stored-error.ts'
import { type OpenStep, toldPath } from '../store/open-steps.ts'
import type { ClaimedRun } from '../store/store.ts'
import type { RunDrainPlan } from '../store/worker-drain.ts'
import { executeRun } from './execute-run.ts'
import { Execution, type ExecutionDeps, type ExecutionInput } from './execution.ts'
import { judge } from './run-outcome.ts'
import { settle } from './settle.ts'
import type { Stop } from './stop.ts'

const notBegun = Promise.resolve()

/** Executes one run in a slot, inside the middleware, and reports its progress to the worker. */
export class RunExecutor {
  readonly claimed: ClaimedRun
  /** Resolves when the run has left its slot; never rejects. */
  ended: Promise<void> = notBegun
  readonly #execution: Execution
  #hasBegun = false
  #outcome: ExecutionOutcome | undefined

  constructor(input: ExecutionInput, deps: ExecutionDeps) {
    this.claimed = input.run
    this.#execution = new Execution(input, deps)
  }

  /**
   * Whether it takes a slot: a run that only waits frees its slot for another, and so does one whose end is being sent.
   */
  get takesSlot(): boolean {
    return !this.#execution.isSettling && !this.#execution.scheduler.isIdle
  }

  /** Whether an at-most-once body is running: such a run is never handed back (R12). */
  get insideOnce(): boolean {
    return this.#execution.scheduler.bodies.insideOnce
  }

  /** The step in which the run has been for longest. */
  get openStep(): OpenStep | undefined {
    const open = this.#execution.scheduler.bodies.longestOpen
    return open && { run: this.claimed.id, fence: this.claimed.fence, ...open }
  }

  /** Returns what will happen to the run while its worker drains. */
  get drainPlan(): RunDrainPlan {
    const waitsFor = this.#execution.scheduler.bodies.handOverWaitsFor
    const { id: run } = this.claimed
    if (waitsFor === undefined) return { run, plan: 'handing over' }
    const { path, once } = waitsFor
    return { run, plan: once ? 'finishing once' : 'finishing step', path: toldPath(path) }
  }

  /** What a step of it waits for may have arrived. */
  arrived(): void {
    this.#execution.scheduler.waits.arrived()
  }

  stop(stop: Stop): void {
    this.#execution.scheduler.stop(stop)
  }

  /** Gives the run back without executing it. */
  release(): Promise<ExecutionOutcome> {
    return settle(this.#execution, { kind: 'released' })
  }

  /** Works on the run until it has settled and its bodies have ended. Never rejects. */
  async execute(): Promise<ExecutionOutcome> {
    const { scheduler, run, deps } = this.#execution
    try {
      if (deps.runHooks.length === 0) await this.#next()
      else await through(deps.runHooks, hookContext(this.#execution), () => this.#next())
      if (!this.#hasBegun) throw new InvalidOptionsError('a run middleware did not call next()')
    } catch (error) {
      this.#outcome = await this.#afterThrow(error)
    }
    scheduler.close()
    if (scheduler.isBusy) {
      const open = await scheduler.bodies.allEndInGrace()
      if (open.length > 0) run.log.warn({ steps: open }, 'steps go on although their run has left the slot')
    }
    return this.#outcome ?? 'lost'
  }

  /** Executes the run until it has settled, or is lost: what is under way then doesn't keep it here. */
  #next(): Promise<{ readonly outcome: ExecutionOutcome }> {
    this.#hasBegun = true
    return new Promise((resolve, reject) => {
      const end = (outcome: ExecutionOutcome): void => {
        this.#outcome ??= outcome
        resolve({ outcome })
      }
      this.#execution.scheduler.onLost(end)
      executeRun(this.#execution).then(end, reject)
    })
  }

  /** Before `next()`: as if the job had thrown. After it: the run has settled, unless the hook did not wait for that. */
  #afterThrow(error: unknown): Promise<ExecutionOutcome> | ExecutionOutcome {
    const execution = this.#execution
    execution.run.log.error({ err: toStoredError(error) }, 'a middleware threw around a run')
    if (!this.#hasBegun) {
      this.#hasBegun = true
      return executeRun(execution, () => Promise.reject(error))
    }
    return execution.hasSettled ? (this.#outcome ?? 'lost') : settle(execution, judge(execution, error))
  }
}

/** Fields that a hook doesn't read are not created. */
const hookContext: (execution: Execution) => ExecutionContext = lazyViews({
  run: ({ run }) => run.info,
  signal: ({ scheduler }) => scheduler.abortSignal,
})
