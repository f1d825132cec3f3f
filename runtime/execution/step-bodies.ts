import type { Clock } from '../model/clock.ts'
import type { AbortReason } from '../model/errors.ts'
import type { StepContext } from '../model/job.ts'
import { type Hook, through } from '../model/middleware.ts'
import type { StepPath } from '../model/step-path.ts'
import { Body, type BodyEnd } from './body.ts'
import type { CurrentRun } from './current-run.ts'
import type { ExecutionState } from './execution-state.ts'
import { frames } from './step-scope.ts'

/** Asks for the scale-in protection of one at-most-once body. */
export interface OnceCover {
  /** Resolves to a function that ends the protection; undefined when the body may not begin. */
  coverOnce(): Promise<(() => void) | undefined>
}

export interface StepBodiesDeps {
  readonly run: CurrentRun
  readonly state: ExecutionState
  readonly cover: OnceCover
  readonly clock: Clock
  readonly stepHooks: readonly Hook<'step'>[]
}

export interface AttemptOptions {
  readonly timeoutMs: number | undefined
  readonly once: boolean
  readonly correctCost?: StepContext['correctCost']
}

interface OpenCode {
  readonly path: StepPath
  readonly since: number
}

/** The running bodies of one execution's steps. */
export class StepBodies {
  readonly #deps: StepBodiesDeps
  readonly #open = new Set<Body>()
  /** Author code that runs besides the steps. */
  #aside: OpenCode | undefined

  constructor(deps: StepBodiesDeps) {
    this.#deps = deps
  }

  /** Whether a body runs that its step waits for. */
  get areOpen(): boolean {
    return this.#open.size > 0
  }

  /** Steps whose bodies have not ended. */
  get paths(): readonly StepPath[] {
    return [...this.#open].map((body) => body.path)
  }

  /** Whether an at-most-once body is running: such a run is never handed back (R12). */
  get insideOnce(): boolean {
    return [...this.#open].some((body) => body.once)
  }

  /** The author's code that has been running for longest, if any runs in a step. */
  get longestOpen(): { readonly path: StepPath; readonly openMs: number } | undefined {
    let oldest: OpenCode | undefined = this.#aside
    for (const body of this.#open) if (oldest === undefined || body.since < oldest.since) oldest = body
    return oldest && { path: oldest.path, openMs: this.#deps.clock.elapsed() - oldest.since }
  }

  /** What a hand-over waits for: an at-most-once body first, then the code that has been running longest. */
  get handOverWaitsFor(): { readonly path: StepPath; readonly once: boolean } | undefined {
    const once = [...this.#open].find((body) => body.once)
    if (once !== undefined) return { path: once.path, once: true }
    const open = this.longestOpen
    return open && { path: open.path, once: false }
  }

  /** Runs one attempt of a body, through the middleware, inside its frame. */
  async attempt(
    path: StepPath,
    attempt: number,
    call: (context: StepContext) => unknown,
    options: AttemptOptions,
  ): Promise<BodyEnd> {
    const { state, run, clock } = this.#deps
    if (!state.mayBeginNow && !(options.once && state.owesBody)) await state.mayBegin()
    const body = new Body(run, path, attempt, clock, options)
    this.#open.add(body)
    state.changed()
    const frame = { kind: 'body', owner: state, path } as const
    const end = await body.carryOut(() => frames.run(frame, () => this.#call(call, body)), options.timeoutMs)
    // R3: the next attempt of a step waits for the previous body.
    if (end.kind === 'timed out' && !(await body.endInGrace())) {
      run.log.warn({ step: path }, 'a step goes on after its timeout and does not listen to its signal')
    }
    state.bodyEnded()
    this.#open.delete(body)
    return end.kind === 'abandoned' ? state.holdStep() : end
  }

  #call(call: (context: StepContext) => unknown, body: Body): Promise<unknown> {
    const { run, stepHooks } = this.#deps
    if (stepHooks.length === 0) return invoke(call, body)
    const context = { run: run.info, path: body.path, attempt: body.attempt }
    return through(stepHooks, context, () => invoke(call, body))
  }

  /**
   * Called before the intent of an at-most-once body: without the protection that it needs the run is handed over.
   * Resolves to a function that ends the protection.
   */
  async coverOnce(): Promise<() => void> {
    const { state, cover } = this.#deps
    const uncover = await state.during(() => cover.coverOnce())
    if (uncover === undefined) {
      state.requestStop({ kind: 'unprotected' })
      return state.holdStep()
    }
    await state.mayBegin()
    return uncover
  }

  /** Calls author code that is no step, and reports it as open under `path` meanwhile. */
  async runAside(path: StepPath, call: () => unknown): Promise<void> {
    this.#aside = { path, since: this.#deps.clock.elapsed() }
    try {
      await call()
    } finally {
      this.#aside = undefined
    }
  }

  abort(reason: AbortReason): void {
    const spares = reason === 'draining' || reason === 'protection lost'
    for (const body of this.#open) if (!(spares && body.once)) body.abort(reason)
  }

  /** Waits until no body runs and no result is being stored. Resolves to the paths of bodies that did not end (R3). */
  async allEndInGrace(): Promise<readonly StepPath[]> {
    const { state, clock } = this.#deps
    const hop = (): Promise<void> => new Promise((resolve) => clock.soon(resolve))
    const open = [...this.#open]
    await Promise.all(open.map((body) => body.endInGrace()))
    // A body that has just ended is about to store its end.
    if (open.length > 0) await hop()
    await state.stored()
    return this.paths
  }
}

async function invoke(call: (context: StepContext) => unknown, body: Body): Promise<unknown> {
  return call(body)
}
