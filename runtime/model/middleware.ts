import { handled } from './handled.ts'
import type { RunInfo } from './job.ts'
import type { StayOutcome } from './outcome.ts'
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

export interface StayContext {
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
    context: StayContext,
    next: Next<{ readonly outcome: StayOutcome }>,
  ): Promise<{ readonly outcome: StayOutcome }>
  /** Wraps one attempt of a step's body. */
  step?(context: StepCallContext, next: Next<unknown>): Promise<unknown>
}

type Hook<Context, T> = (context: Context, next: Next<T>) => Promise<T>

/** Runs `work` inside `hooks`, the first one outermost. A hook that throws before it returns a promise rejects too. */
export function through<Context, T>(
  hooks: readonly Hook<Context, T>[],
  context: Context,
  work: Next<T>,
): Promise<T> {
  let next = work
  for (const hook of hooks.toReversed()) {
    const inner = next
    // Async, so that a hook that throws synchronously or returns no promise rejects or resolves like any other. A hook
    // may start the work, do something else, and only then await it.
    next = async () => hook(context, () => handled(inner()))
  }
  return next()
}

/** Returns the hooks of one kind, in order, bound to their middleware. */
export function hooksOf<Kind extends keyof Middleware>(
  middleware: readonly Middleware[],
  kind: Kind,
): NonNullable<Middleware[Kind]>[] {
  return middleware.flatMap((one) => {
    const hook = one[kind]
    return hook === undefined ? [] : [hook.bind(one) as NonNullable<Middleware[Kind]>]
  })
}
