import { handled } from './handled.ts'
import type { RunInfo } from './job.ts'
import type { StayOutcome } from './outcome.ts'
import type { RunId } from './run-id.ts'
import type { StepPath } from './step-path.ts'

/** Goes on to the next middleware, at last to the work itself. Call it once. */
export type Next<T> = () => Promise<T>

export interface EnqueueContext {
  readonly job: string
  readonly input: unknown
  /** Stored with the run; a middleware may add to it, a trace for example. */
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
  /** Around storing new runs of one call; answers their ids. */
  enqueue?(context: EnqueueContext, next: Next<readonly RunId[]>): Promise<readonly RunId[]>
  /**
   * Around one claim; returns how many runs it brought. Not calling `next` holds back the claim. Two claims may be under way at
   * once.
   */
  claim?(context: ClaimContext, next: Next<number>): Promise<number>
  /** Around one stay of a run in a slot. `next()` always settles, whatever became of the run. */
  run?(
    context: StayContext,
    next: Next<{ readonly outcome: StayOutcome }>,
  ): Promise<{ readonly outcome: StayOutcome }>
  /** Around one attempt of a step's body. */
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
    // Async, so that a hook that throws at once or returns no promise rejects or resolves like any other. A hook may begin
    // the work, do something else, and only then await it.
    next = async () => hook(context, () => handled(inner()))
  }
  return next()
}

/** The hooks of one kind, in order, bound to their middleware. */
export function hooksOf<Kind extends keyof Middleware>(
  middleware: readonly Middleware[],
  kind: Kind,
): NonNullable<Middleware[Kind]>[] {
  return middleware.flatMap((one) => {
    const hook = one[kind]
    return hook === undefined ? [] : [hook.bind(one) as NonNullable<Middleware[Kind]>]
  })
}
