import type { LimitUse } from '../model/limit-use.ts'
import type { Limiter } from '../model/limiter.ts'
import type { StepPath } from '../model/step-path.ts'
import { messageOf } from '../model/thrown.ts'
import type { AcquireAnswer, AcquireRequest, CostCorrection, StepTurn } from '../store/limiters.ts'
import type { ClaimedRun } from '../store/store.ts'
import type { ExecutionState } from './execution-state.ts'
import { forever } from './forever.ts'

/** What steps ask of limiters. */
export interface LimitStore {
  /** Lets the store know limiters that only steps name; once each is enough. */
  defineLimiters(limiters: readonly Limiter[]): Promise<void>
  acquire(request: AcquireRequest): Promise<AcquireAnswer>
  closeKeys(request: StepTurn & { readonly closedMs: number }): Promise<'closed' | 'gone'>
  correctCost(request: CostCorrection): Promise<'corrected' | 'gone'>
}

/** The limits that the steps of one execution ask for; each use has a number, its turn. */
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

  /** A limiter that can't be meant parks the run until other code comes: nothing of it has failed. */
  async define(limiters: readonly Limiter[]): Promise<void> {
    try {
      await this.#state.during(() => this.#store.defineLimiters(limiters))
    } catch (error) {
      this.#state.requestStop({ kind: 'blocked', reason: messageOf(error) })
      return forever()
    }
  }

  /** Asks for the limits of one attempt. */
  async acquire(
    path: StepPath,
    attempt: number,
    uses: readonly LimitUse[],
  ): Promise<{ readonly turn: number; readonly answer: Exclude<AcquireAnswer, { kind: 'gone' }> }> {
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

  #turnOf(path: StepPath, turn: number): StepTurn {
    return { run: this.#run.id, fence: this.#run.fence, path, turn }
  }
}
