import type { Clock } from '../../model/clock.ts'
import { defined } from '../../model/defined.ts'
import { UnknownActionError } from '../../model/errors.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import { checkKnownOptions } from '../../model/known-options.ts'
import { newRunId } from '../../model/run-id.ts'
import type { StepPath } from '../../model/step-path.ts'
import type { ActionInfo, ActionKind, ActionPlan, ActionTarget } from '../../store/actions.ts'
import type { Store } from '../../store/store.ts'
import { type ByHand, operatorWrite } from '../by-hand.ts'
import { parseActionKind, parseActionTarget } from './action-target.ts'
import { type ActionProgress, type Course, carryOut } from './carry-out.ts'
import { parseRate, type Rate } from './pacer.ts'
import { countOf, planAction } from './plan-action.ts'

/** How this call carries out an action. */
export interface ContinueOptions {
  /** Runs per second, minute or hour, such as `'20/s'`. Default: as fast as the store takes chunks of 25. */
  rate?: Rate
  /** Stops once this many more runs are done; `continue` resumes it. Default: none. */
  limit?: number
  /** Called at the start and after each chunk. */
  onProgress?: (progress: ActionProgress) => void
  /** Stops after the current chunk; `continue` resumes it. */
  signal?: AbortSignal
}

export interface ActionOptions extends ContinueOptions, Omit<ByHand, 'requestId'> {
  /** At-most-once steps that may run again if they block a retry: paths, or names for any key. */
  runAgain?: readonly StepPath[]
  /**
   * `act_` and up to 100 letters, digits, `-` and `_`: a repeat of the call continues the same action. Default: a new
   * one.
   */
  id?: string
}

const courseOptions = ['rate', 'limit', 'onProgress', 'signal'] as const
const maxSteps = 100

/**
 * Retries, cancels or removes many runs. An action is stored: another process can continue it after a crash, and it
 * applies to each run at most once. Runs that entered their state after its start are left alone.
 */
export class Actions {
  readonly #store: Store
  readonly #clock: Clock

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * Returns the effect that an action would have, without doing it.
   * @throws InvalidOptionsError
   */
  async plan(
    action: ActionKind,
    target: ActionTarget,
    options: { runAgain?: readonly StepPath[] } = {},
  ): Promise<ActionPlan> {
    checkKnownOptions(options, ['runAgain'], 'actions.plan')
    const kind = parseActionKind(action)
    const runAgain = parseRunAgain(kind, options.runAgain) ?? []
    return planAction(this.#store, kind, parseActionTarget(kind, target), runAgain)
  }

  /**
   * Starts an action and carries it out. Resolves when it has ended, or earlier by `limit` or `signal`: then it has a
   * `cursor`. A filter without states means `failed` for a retry, else all states that the action applies to.
   * @throws InvalidOptionsError; StoreUnavailableError when the store is unavailable for more than 30 s: `continue`
   * resumes it
   * @example
   * const target = { kind: 'filter', filter: { job: 'charge', states: ['failed'] } } as const
   * const plan = await jobs.actions.plan('retry', target)
   * const { done, refused } = await jobs.actions.run('retry', target, { reason: 'the bank is back', rate: '20/s' })
   */
  async run(action: ActionKind, target: ActionTarget, options: ActionOptions = {}): Promise<ActionInfo> {
    checkKnownOptions(options, [...courseOptions, 'by', 'reason', 'runAgain', 'id'], 'actions.run')
    const { by: who, reason: why, id = `act_${newRunId(this.#clock.now())}` } = options
    const kind = parseActionKind(action)
    const course = parseCourse(options)
    const { by, reason } = operatorWrite({ by: who, reason: why })
    const runAgain = parseRunAgain(kind, options.runAgain)
    const parsed = parseActionTarget(kind, target)
    const matching = await countOf(this.#store, parsed)
    const begun = await this.#store.beginAction({
      ...{ id: parseActionId(id), action: kind, target: parsed, by },
      ...defined({ matching, runAgain, reason }),
    })
    return this.#carryOut(begun, course)
  }

  /**
   * Continues an action from its cursor, even if its process is gone or still running. An ended action stays unchanged.
   * @throws UnknownActionError; as `run`
   */
  async continue(id: string, options: ContinueOptions = {}): Promise<ActionInfo> {
    checkKnownOptions(options, courseOptions, 'actions.continue')
    const course = parseCourse(options)
    const action = await this.get(id)
    if (action === undefined) throw new UnknownActionError(id)
    return this.#carryOut(action, course)
  }

  /**
   * Ends an action, even if another process is carrying it out: its next chunk applies to nothing. @throws
   * UnknownActionError
   */
  end(id: string, write: ByHand = {}): Promise<ActionInfo> {
    return this.#store.endAction(id, operatorWrite(write))
  }

  /** Returns an action; it is kept for 7 days after its last chunk. */
  get(id: string): Promise<ActionInfo | undefined> {
    return this.#store.action(id)
  }

  /** Returns the actions with the latest chunk first. `limit`: 1 to 100, default 20. */
  list(options: { limit?: number } = {}): Promise<readonly ActionInfo[]> {
    return this.#store.actions(options.limit ?? 20)
  }

  #carryOut(action: ActionInfo, course: Course): Promise<ActionInfo> {
    course.onProgress?.({ action, runs: [] })
    return carryOut({ store: this.#store, clock: this.#clock }, action, course)
  }
}

function parseCourse({ rate, limit, onProgress, signal }: ContinueOptions): Course {
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) {
    throw new InvalidOptionsError(`limit: ${limit} is not a number of runs; use a whole number of 1 or more`)
  }
  const perMs = rate === undefined ? undefined : parseRate(rate)
  const never = new AbortController().signal
  return { perMs, limit: limit ?? Number.POSITIVE_INFINITY, onProgress, signal: signal ?? never }
}

function parseActionId(id: string): string {
  if (/^act_[\w-]{1,100}$/.test(id)) return id
  throw new InvalidOptionsError(
    `id: '${id}' can't name an action; write act_ and 1 to 100 letters, digits, - and _`,
  )
}

function parseRunAgain(
  action: ActionKind,
  runAgain: readonly StepPath[] | undefined,
): readonly StepPath[] | undefined {
  if (runAgain === undefined) return undefined
  if (action !== 'retry') throw new InvalidOptionsError(`runAgain: a ${action} runs no step; omit it`)
  if (runAgain.length <= maxSteps) return [...new Set(runAgain)]
  throw new InvalidOptionsError(`runAgain: name at most ${maxSteps} steps, not ${runAgain.length}`)
}
