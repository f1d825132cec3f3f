import { handled } from './handled.ts'
import type { RunInfo } from './job.ts'
import type { ExecutionOutcome } from './outcome.ts'
import type { RunId } from './run-id.ts'
import type { StepPath } from './step-path.ts'

/** Continues with the next middleware, and finally with the work itself. Call it once. */
export type Next<T> = () => Promise<T>

export interface EnqueueContext {
  readonly job: string
  readonly input: unknown
  /** Stored with the run; a middleware may add headers, for example a trace. */
  readonly headers: Record<string, string>
}

export interface ClaimContext {
  /** Free slots. */
  readonly free: number
  readonly running: number
}

export interface ExecutionContext {
  readonly run: RunInfo
  readonly signal: AbortSignal
}

export interface StepCallContext {
  readonly run: RunInfo
  readonly path: StepPath
  readonly attempt: number
}

/** Wraps what the runtime does, outermost first. */
export interface Middleware {
  /** Wraps storing the new runs of one call; resolves to their ids. */
  enqueue?(context: EnqueueContext, next: Next<readonly RunId[]>): Promise<readonly RunId[]>
  /**
   * Wraps one claim; resolves to the number of claimed runs. Not calling `next` holds back the claim. Two claims may be
   * in flight at once.
   */
  claim?(context: ClaimContext, next: Next<number>): Promise<number>
  /** Wraps one execution of a run in a slot. `next()` always settles, whatever the outcome. */
  run?(
    context: ExecutionContext,
    next: Next<{ readonly outcome: ExecutionOutcome }>,
  ): Promise<{ readonly outcome: ExecutionOutcome }>
  /** Wraps one attempt of a step's body. */
  step?(context: StepCallContext, next: Next<unknown>): Promise<unknown>
}

/** A function of a middleware, bound to it. */
export type Hook<Kind extends keyof Middleware> = NonNullable<Middleware[Kind]>

/** Runs `work` inside `hooks`, the first one outermost. A hook that throws before it returns a promise rejects too. */
export function through<Context, T>(
  hooks: readonly ((context: Context, next: Next<T>) => Promise<T>)[],
  context: Context,
  work: Next<T>,
  at = 0,
): Promise<T> {
  const hook = hooks[at]
  if (hook === undefined) return work()
  // A hook may begin the work, do something else, and only then await it.
  const next = (): Promise<T> => handled(through(hooks, context, work, at + 1))
  try {
    // A hook may return no promise.
    return Promise.resolve(hook(context, next))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Returns the hooks of one kind, in order, bound to their middleware. */
export function hooksOf<Kind extends keyof Middleware>(
  middleware: readonly Middleware[],
  kind: Kind,
): Hook<Kind>[] {
  return middleware.flatMap((one) => {
    const hook = one[kind]
    return hook === undefined ? [] : [hook.bind(one) as Hook<Kind>]
  })
}
