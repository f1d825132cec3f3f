import type { LimitUse } from '../model/limit-use.ts'
import type { Limiter } from '../model/limiter.ts'
import type { StepPath } from '../model/step-path.ts'
import { messageOf } from '../model/thrown.ts'
import type { AcquireReply, AcquireRequest, CostCorrection, StepUse } from '../store/limiters.ts'
import type { ClaimedRun } from '../store/store.ts'
import type { ExecutionState } from './execution-state.ts'
import { forever } from './forever.ts'

/** The limiter calls of steps. */
export interface LimitStore {
  /** Registers limiters that only steps name; once each suffices. */
  defineLimiters(limiters: readonly Limiter[]): Promise<void>
  acquire(request: AcquireRequest): Promise<AcquireReply>
  closeKeys(request: StepUse & { readonly closedMs: number }): Promise<'closed' | 'gone'>
  correctCost(request: CostCorrection): Promise<'corrected' | 'gone'>
}

/** The limit requests of the steps of one execution; each use has a number. */
export class LimitRequests {
  readonly #run: ClaimedRun
  readonly #state: ExecutionState
  readonly #store: LimitStore
  #turns = 0
  #corrections = 0

  constructor(run: ClaimedRun, state: ExecutionState, store: LimitStore) {
    this.#run = run
    this.#state = state
    this.#store = store
  }

  /** An invalid limiter parks the run until other code is deployed: no attempt of it has failed. */
  async define(limiters: readonly Limiter[]): Promise<void> {
    try {
      await this.#state.during(() => this.#store.defineLimiters(limiters))
    } catch (error) {
      this.#state.requestStop({ kind: 'blocked', reason: messageOf(error) })
      return forever()
    }
  }

  /** Requests the limits of one attempt. */
  async acquire(
    path: StepPath,
    attempt: number,
    uses: readonly LimitUse[],
  ): Promise<{ readonly turn: number; readonly answer: Exclude<AcquireReply, { kind: 'gone' }> }> {
    await this.#state.mayBegin()
    const turn = ++this.#turns
    const request = { ...this.#turnOf(path, turn), attempt, uses }
    const answer = await this.#state.during(() => this.#store.acquire(request))
    return answer.kind === 'gone' ? this.#state.holdStep() : { turn, answer }
  }

  async closeKeys(path: StepPath, turn: number, closedMs: number): Promise<void> {
    const request = { ...this.#turnOf(path, turn), closedMs }
    const answer = await this.#state.during(() => this.#store.closeKeys(request))
    if (answer === 'gone') return this.#state.holdStep()
  }

  async correctCost(
    path: StepPath,
    turn: number,
    change: { readonly limiter: string; readonly cost: number },
  ): Promise<void> {
    const correction = ++this.#corrections
    await this.#store.correctCost({ ...this.#turnOf(path, turn), ...change, correction })
  }

  #turnOf(path: StepPath, turn: number): StepUse {
    return { run: this.#run.id, fence: this.#run.fence, path, turn }
  }
}
