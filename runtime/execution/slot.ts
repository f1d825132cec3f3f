import type { Clock } from '../model/clock.ts'
import { decodeValue, encodeValue } from '../model/codec.ts'
import { RunPoisonedError, RunTimeoutError } from '../model/errors.ts'
import { type FailureMark, fixedMark } from '../model/failure-mark.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { Context, Job, Logger, RunInfo } from '../model/job.ts'
import { hooksOf, type Middleware, through } from '../model/middleware.ts'
import type { Outcome, StayOutcome } from '../model/outcome.ts'
import type { StepPath } from '../model/step-path.ts'
import { fromStoredError, type StoredError, toStoredError } from '../model/stored-error.ts'
import { isReadableError, messageOf } from '../model/thrown.ts'
import { type OpenStep, toldPath } from '../store/open-steps.ts'
import type { Checkpoint, ClaimedRun, EntryAnswer, JournalPage, Settlement } from '../store/store.ts'
import type { RunDrainPlan } from '../store/worker-drain.ts'
import { escapedStep, judgeRunFailure } from './classify-failure.ts'
import { type EndTurn, Execution, type LimitSeams, type Stop, type WaitTurn } from './execution.ts'
import { runOnFailed } from './on-failed.ts'
import { stepTools } from './step-tools.ts'

export interface SlotSeams extends LimitSeams {
  readonly clock: Clock
  readonly log: Logger
  readonly middleware: readonly Middleware[]
  readonly maxValueBytes: number
  /** Of the job's code, kept with a run that it could not go on with. */
  readonly digest: string
  onIdle(): void
  coverOnce(): Promise<(() => void) | undefined>
  submit(entry: Checkpoint): Promise<EntryAnswer>
  settle(settlement: Settlement): Promise<EntryAnswer>
  readPage(run: ClaimedRun, from: number): Promise<JournalPage | 'gone'>
}

/** One stay of a run in a slot: decode, replay, execute, settle. */
export class Slot {
  readonly run: ClaimedRun
  readonly #job: Job
  readonly #seams: SlotSeams
  readonly #info: RunInfo
  readonly #execution: Execution
  #begun = false
  #settled = false

  constructor(run: ClaimedRun, job: Job, seams: SlotSeams) {
    this.run = run
    this.#job = job
    this.#seams = seams
    this.#info = runInfo(run)
    this.#execution = new Execution(run, this.#info, {
      ...seams,
      version: job.version,
      readPage: (from) => seams.readPage(run, from),
    })
  }

  /** Whether the run only waits, so that its slot may be given to another. */
  get idle(): boolean {
    return this.#execution.idle
  }

  /** Whether an at-most-once body is running: such a run is never handed back (R12). */
  get insideOnce(): boolean {
    return this.#execution.insideOnce
  }

  /** The step in which it has been for longest. */
  get openStep(): OpenStep | undefined {
    const open = this.#execution.longestOpen
    return open && { run: this.run.id, fence: this.run.fence, ...open }
  }

  /** What becomes of the run while its worker drains. */
  get drainPlan(): RunDrainPlan {
    const waitsFor = this.#execution.handOverWaitsFor
    const { id: run } = this.run
    if (waitsFor === undefined) return { run, plan: 'handing over' }
    const { path, once } = waitsFor
    return { run, plan: once ? 'finishing once' : 'finishing step', path: toldPath(path) }
  }

  /** A limit that a step of it waits for may be open. */
  limitsOpened(): void {
    this.#execution.limitsOpened()
  }

  stop(stop: Stop): void {
    this.#execution.stop(stop)
  }

  /** Works on the run until its stay has ended and its bodies have settled. Never rejects. */
  async occupy(): Promise<StayOutcome> {
    const hooks = hooksOf(this.#seams.middleware, 'run')
    const context = { run: this.#info, signal: this.#execution.abortSignal }
    let outcome: StayOutcome = 'lost'
    try {
      await through(hooks, context, async () => {
        outcome = await Promise.race([this.#stay(), this.#execution.lost.then(() => 'lost' as const)])
        return { outcome }
      })
      if (!this.#begun) throw new InvalidOptionsError('a run middleware did not call next()')
    } catch (error) {
      this.#seams.log.error({ err: toStoredError(error) }, 'a middleware threw around a run')
      // Before next(): as if the job had thrown. After it: the stay has its end, unless the hook did not wait for it.
      if (!this.#begun) outcome = await this.#stay(() => Promise.reject(error))
      else if (!this.#settled) outcome = await this.#settle(this.#judge(error))
    }
    this.#execution.close()
    const open = await this.#execution.settleBodies()
    if (open.length > 0)
      this.#seams.log.warn({ steps: open }, 'steps go on although their run has left the slot')
    return outcome
  }

  async #stay(handler: Job['handler'] = this.#job.handler): Promise<StayOutcome> {
    this.#begun = true
    let input: unknown
    try {
      input = decodeValue(this.run.input, `input of run '${this.run.id}'`)
      if (!(await this.#execution.replay())) return 'lost'
    } catch (error) {
      return this.#settle(this.#blocked(messageOf(error)))
    }
    const { failsAs } = this.run
    if (failsAs !== undefined) return this.#settle(await this.#failedAs(failsAs, input))
    this.#execution.begin(async () => handler(this.#context(input)))
    return this.#turns(input)
  }

  async #turns(input: unknown): Promise<StayOutcome> {
    for (;;) {
      const turn = await this.#execution.nextTurn()
      if (turn.kind === 'suspendable') {
        const suspended = await this.#suspend(turn)
        if (suspended !== 'go on') return suspended
      } else {
        return this.#settle(await this.#outcome(turn, input))
      }
    }
  }

  /** The store decides: a wait that is over by its clock keeps the run here. */
  async #suspend(turn: WaitTurn): Promise<StayOutcome | 'go on'> {
    if (!this.#execution.idle) return 'go on'
    const release = this.#execution.holdSteps()
    const answer = await this.#send({ kind: 'waiting', waits: turn.waits })
    if (answer.kind === 'continue') {
      release()
      this.#execution.limitsOpened()
      return 'go on'
    }
    this.#execution.close()
    this.#execution.abort('suspended')
    return stayOutcome('waiting', answer)
  }

  async #outcome(turn: EndTurn, input: unknown): Promise<Outcome> {
    switch (turn.kind) {
      case 'returned':
        await this.#finish()
        this.#execution.failedSteps.log(this.#seams.log)
        return this.#completed(turn.value, input)
      case 'threw': {
        await this.#finish('sibling failed')
        const outcome = this.#judge(turn.error)
        if (outcome.kind !== 'failed') return outcome
        this.#execution.failedSteps.log(this.#seams.log, turn)
        return this.#failed(turn.error, input)
      }
      case 'stopped':
        return this.#stopped(turn.stop, input)
    }
  }

  async #finish(abort?: 'sibling failed'): Promise<void> {
    const open = await this.#execution.finish(abort)
    if (open.length > 0) this.#seams.log.warn({ steps: open }, 'the job ended while steps of it still run')
  }

  async #completed(value: unknown, input: unknown): Promise<Outcome> {
    try {
      return { kind: 'completed', output: encodeValue(value, 'output', this.#seams.maxValueBytes) }
    } catch (error) {
      return this.#failed(error, input)
    }
  }

  async #stopped(stop: Stop, input: unknown): Promise<Outcome> {
    switch (stop.kind) {
      case 'draining':
      case 'lost':
        return { kind: 'released' }
      case 'unprotected':
        return { kind: 'released', protect: true }
      case 'cancelled':
        return { kind: 'cancelled' }
      case 'blocked':
        return this.#blocked(stop.reason)
      case 'timed out':
        return this.#failedAs('timed out', input)
      case 'journal full':
        return this.#failed(stop.error, input)
    }
  }

  /** Whether code between steps gets another attempt. */
  #judge(error: unknown): Outcome {
    const { clock, log } = this.#seams
    const verdict = judgeRunFailure(error, this.#job.retry, this.run.attempt, clock.random())
    const stored = toStoredError(error)
    const escaped = escapedStep(error)
    const mark = this.#markOf(stored, escaped)
    if (verdict.kind === 'final')
      return { kind: 'failed', error: stored, mark, ...(escaped === undefined ? {} : { escaped }) }
    log.warn(
      { err: stored, attempt: this.run.attempt, delayMs: verdict.delayMs },
      'the run failed and is tried again',
    )
    return { kind: 'retrying', error: stored, mark, delayMs: verdict.delayMs }
  }

  /** A step whose failure escaped has the group of that failure, however the author wrapped it. */
  #markOf(error: StoredError, escaped: StepPath | undefined): FailureMark {
    const ofStep = escaped === undefined ? undefined : this.#execution.failedSteps.storedError(escaped)
    return ofStep === undefined ? this.#execution.markOf(error) : this.#execution.markOf(ofStep, escaped)
  }

  #failedAs(failsAs: 'poisoned' | 'timed out', input: unknown): Promise<Outcome> {
    const mark = fixedMark(failsAs, this.run.job, this.#job.version)
    return this.#failed(failsAsError(this.run, failsAs), input, mark)
  }

  async #failed(error: unknown, input: unknown, fixed?: FailureMark): Promise<Outcome> {
    const stored = toStoredError(error)
    this.#seams.log.error({ err: stored }, 'the run failed')
    const thrown = isReadableError(error) ? error : fromStoredError(stored)
    await runOnFailed(this.#execution, this.#job, { error: thrown, run: this.#info, input })
    const escaped = escapedStep(error)
    const mark = fixed ?? this.#markOf(stored, escaped)
    return { kind: 'failed', error: stored, mark, ...(escaped === undefined ? {} : { escaped }) }
  }

  #blocked(reason: string): Outcome {
    this.#seams.log.error({ reason }, 'the run is blocked until its code changes or an operator retries it')
    return { kind: 'blocked', reason, digest: this.#seams.digest }
  }

  async #settle(outcome: Outcome): Promise<StayOutcome> {
    this.#settled = true
    return stayOutcome(outcome.kind, await this.#send(outcome))
  }

  #send(outcome: Outcome): Promise<EntryAnswer> {
    const { id, fence } = this.run
    const { position } = this.#execution
    const orphans = this.#execution.findOrphans(outcome.kind === 'completed')
    const settlement = { kind: 'settle', run: id, fence, position, outcome } as const
    return this.#seams.settle(orphans.length === 0 ? settlement : { ...settlement, orphans })
  }

  #context(input: unknown): Context<unknown> {
    const execution = this.#execution
    const log = silentWhile(() => execution.replaying, this.#seams.log)
    return { input, step: stepTools(execution), run: this.#info, log, abortSignal: execution.abortSignal }
  }
}

function stayOutcome(kind: Outcome['kind'], answer: EntryAnswer): StayOutcome {
  if (answer.kind !== 'settled') return 'lost'
  return answer.state === 'cancelled' ? 'cancelled' : kind
}

function failsAsError(run: ClaimedRun, failsAs: 'poisoned' | 'timed out'): Error {
  return failsAs === 'poisoned'
    ? new RunPoisonedError(run.id, run.lossesSeen ?? { exit: run.losses, cut: 0, lease: 0 })
    : new RunTimeoutError(`run '${run.id}' did not end within its timeout`)
}

function runInfo(run: ClaimedRun): RunInfo {
  const { id, job, version, queue, attempt, losses, tags, headers } = run
  const scheduled = {
    ...(run.schedule === undefined ? {} : { schedule: run.schedule }),
    ...(run.scheduledFor === undefined ? {} : { scheduledFor: new Date(run.scheduledFor) }),
  }
  const enqueuedAt = new Date(run.enqueuedAt)
  const protect = run.protect === true
  return { id, job, version, queue, attempt, losses, tags, headers, enqueuedAt, protect, ...scheduled }
}

function silentWhile(silent: () => boolean, log: Logger): Logger {
  const say =
    (level: keyof Logger) =>
    (fields: object, message?: string): void => {
      if (!silent()) log[level](fields, message)
    }
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
