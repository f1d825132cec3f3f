import type { ContinueOptions } from '../../client/actions/actions.ts'
import type { ActionProgress } from '../../client/actions/carry-out.ts'
import type { Jobs } from '../../client/client.ts'
import { commandLine } from '../../describe/command-line.ts'
import { leftText, matchingText, runsText } from '../../describe/plan-sentences.ts'
import { defined } from '../../model/defined.ts'
import { RunStateError, UnknownActionError } from '../../model/errors.ts'
import type { ActionInfo, ActionKind, ActionPlan, ActionTarget } from '../../store/actions.ts'
import { withConnection } from '../connection.ts'
import { operator } from '../operator.ts'
import { print, printJson, remark, say } from '../output.ts'
import { usageError } from '../usage-error.ts'
import { wholeFingerprint } from '../whole-fingerprint.ts'
import { wholeActionId, wholeIds } from '../whole-ids.ts'
import { type ActionOptions, checkContinued, exitCodes, targetOf } from './action-options.ts'
import { ask, canAsk } from './confirm.ts'
import { printEnds } from './first-runs.ts'
import { outcomeText } from './outcome-text.ts'
import { planText } from './plan-text.ts'
import { ProgressLine } from './progress-line.ts'

/** Only for a retry. */
export interface RetryManyOptions extends ActionOptions {
  readonly runAgain?: readonly string[]
  readonly first?: number
}

/** Carries out one command line that acts on many runs, from the plan to the last output. */
export async function actOnMany(
  kind: ActionKind,
  ids: readonly string[],
  options: RetryManyOptions,
): Promise<void> {
  const { continue: known } = options
  const target = known === undefined ? targetOf(kind, ids, options) : undefined
  if (target === undefined) checkContinued(ids, options)
  await withConnection(options, async (jobs) => {
    const stop = stopSignal()
    const command = new ActionCommand(jobs, kind, options, stop.signal)
    try {
      const exit =
        target === undefined
          ? await command.goOn(known ?? '')
          : await command.begin(await whole(jobs, target))
      if (exit !== 0) process.exitCode = exit
    } finally {
      command.endProgress()
      stop.release()
    }
  })
}

/** The typed options, with the completed ids and fingerprint. */
async function whole({ inspector }: Jobs, target: ActionTarget): Promise<ActionTarget> {
  if (target.kind === 'runs') return { kind: 'runs', ids: await wholeIds(inspector, target.ids) }
  const { fingerprint: typed } = target.filter
  if (typed === undefined) return target
  const fingerprint = await wholeFingerprint(inspector, typed)
  return { ...target, filter: { ...target.filter, fingerprint } }
}

/** Ctrl-c stops after the current chunk, a second one at once. */
function stopSignal(): { readonly signal: AbortSignal; release(): void } {
  const stop = new AbortController()
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  }
  const names = ['SIGINT', 'SIGTERM'] as const
  for (const name of names) process.on(name, onSignal)
  return {
    signal: stop.signal,
    release: () => {
      for (const name of names) process.off(name, onSignal)
    },
  }
}

class ActionCommand {
  readonly #jobs: Jobs
  readonly #kind: ActionKind
  readonly #options: RetryManyOptions
  readonly #signal: AbortSignal
  readonly #progress = new ProgressLine()
  #plan: ActionPlan | undefined

  constructor(jobs: Jobs, kind: ActionKind, options: RetryManyOptions, signal: AbortSignal) {
    this.#jobs = jobs
    this.#kind = kind
    this.#options = options
    this.#signal = signal
  }

  /** Resolves to the exit code. */
  async begin(target: ActionTarget): Promise<number> {
    const { json, dryRun, yes, first, runAgain } = this.#options
    const plan = await this.#jobs.actions.plan(this.#kind, target, defined({ runAgain }))
    this.#plan = plan
    if (!json) print(planText(plan))
    if (dryRun || (plan.sample === 0 && plan.matching.exact)) {
      if (json) printJson({ plan })
      return 0
    }
    if (!yes && !(await this.#confirmed(plan))) {
      remark('nothing was changed')
      return exitCodes.stopped
    }
    const course = { ...this.#course(), ...operator(this.#options), ...defined({ runAgain }) }
    const run = (over: ContinueOptions = {}): Promise<ActionInfo> =>
      this.#jobs.actions.run(this.#kind, target, { ...course, ...over })
    return first === undefined ? this.#end(await run()) : this.#withFirst(run, 0, first)
  }

  /** Resolves to the exit code. */
  async goOn(typed: string): Promise<number> {
    const { dryRun, first } = this.#options
    const id = await wholeActionId(this.#jobs.inspector, typed)
    const action = await this.#jobs.actions.get(id)
    if (action === undefined) throw new UnknownActionError(id)
    if (action.action !== this.#kind) {
      throw new RunStateError(
        `action ${id} is a ${action.action}; continue it with: ${this.#line([action.action, '--continue', id])}`,
      )
    }
    if (dryRun) return this.#showStanding(action)
    const goOn = (over: ContinueOptions = {}): Promise<ActionInfo> =>
      this.#jobs.actions.continue(id, { ...this.#course(), ...over })
    return first === undefined ? this.#end(await goOn()) : this.#withFirst(goOn, action.done, first)
  }

  #showStanding(action: ActionInfo): number {
    if (this.#options.json) printJson({ action })
    else print(`${outcomeText(action)}\n${leftText(action)}`)
    return 0
  }

  async #confirmed(plan: ActionPlan): Promise<boolean> {
    const { runs } = plan.matching
    if (this.#options.json || !canAsk()) {
      throw usageError(
        `this would ${this.#kind} ${matchingText(plan)}: add --yes to do it, or --dry-run to leave it at the plan`,
      )
    }
    return (await ask(`type ${runs} to ${this.#kind} ${runs === 1 ? 'it' : 'them'}: `)) === String(runs)
  }

  /**
   * Retries runs up to the requested number (`before` are done), waits until they have ended, then continues with the
   * rest or not.
   */
  async #withFirst(
    carryOut: (course: ContinueOptions) => Promise<ActionInfo>,
    before: number,
    first: number,
  ): Promise<number> {
    const runs: string[] = []
    const begun = await carryOut({ limit: first, onProgress: (progress) => runs.push(...progress.runs) })
    const done = begun.done - before
    if (begun.cursor === undefined || this.#signal.aborted) return this.#end(begun)
    if (runs.length < done) {
      this.#say(
        `${runsText(done)} retried, but this command doesn't know all of them and can't wait for their ends`,
      )
      return this.#end(begun)
    }
    this.#say(`${runsText(done)} retried first; waiting for the end of each (ctrl-c: stop here)`)
    const quiet = this.#options.json === true
    const bad = await printEnds(this.#jobs, runs, { signal: this.#signal, quiet })
    if (bad === undefined || !(await this.#goesOn(bad, runs.length))) return this.#end(begun)
    return this.#end(await this.#jobs.actions.continue(begun.id, this.#course()))
  }

  async #goesOn(bad: number, runs: number): Promise<boolean> {
    this.#say(bad === 0 ? `all ${runs} completed` : `${bad} of ${runs} did not complete`)
    if (this.#options.yes || this.#options.json || !canAsk()) return bad === 0
    return /^y(es)?$/i.test(await ask('continue with the others? [y/N] '))
  }

  #course(): ContinueOptions {
    const { rate, json } = this.#options
    const onProgress = ({ action }: ActionProgress): void => {
      if (!json) this.#progress.show(action)
    }
    return { ...defined({ rate }), signal: this.#signal, onProgress }
  }

  /** Ends the progress line before the next output. */
  endProgress(): void {
    this.#progress.end()
  }

  /** Prints the action's progress. Returns the exit code. */
  #end(action: ActionInfo): number {
    this.endProgress()
    if (this.#options.json) printJson({ ...(this.#plan === undefined ? {} : { plan: this.#plan }), action })
    else say(outcomeText(action))
    if (action.cursor !== undefined) {
      remark(`stopped; continue with: ${this.#line([this.#kind, '--continue', action.id])}`)
      return exitCodes.stopped
    }
    return action.refused > 0 ? exitCodes.someRefused : 0
  }

  #say(text: string): void {
    if (!this.#options.json) say(text)
  }

  #line(words: readonly string[]): string {
    return commandLine(words, this.#options)
  }
}
