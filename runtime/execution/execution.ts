import { silentWhile } from '../model/bound-logger.ts'
import type { Job, Logger, StepTools } from '../model/job.ts'
import type { Hook } from '../model/middleware.ts'
import type { Checkpoint, ClaimedRun, EntryReply, Settlement } from '../store/store.ts'
import { CurrentRun } from './current-run.ts'
import type { OnceCover } from './step-bodies.ts'
import { StepScheduler, type StepSchedulerDeps } from './step-scheduler.ts'
import { stepTools } from './step-tools.ts'

/** Sends the entries of all executions of a lease. */
export interface ExecutionOutbox {
  submit(entry: Checkpoint | Settlement): Promise<EntryReply>
  /** Settles an execution together with the next claim (R2). */
  settle(settlement: Settlement): Promise<EntryReply>
}

/** The context that all executions of a lease share. */
export interface ExecutionDeps extends StepSchedulerDeps {
  readonly log: Logger
  readonly runHooks: readonly Hook<'run'>[]
  readonly outbox: ExecutionOutbox
}

export interface ExecutionInput {
  readonly run: ClaimedRun
  readonly job: Job
  /** Of the job's code, stored with a run that it can't continue. */
  readonly digest: string
  readonly cover: OnceCover
}

/** One execution of a run, from claim to settle: the state that its stages share. */
export class Execution {
  readonly run: CurrentRun
  readonly job: Job
  readonly digest: string
  readonly deps: ExecutionDeps
  readonly scheduler: StepScheduler
  /** Of the run, once it is decoded. */
  input: unknown
  /** Whether a settlement is being sent to the store: the slot is free for another run. */
  isSettling = false
  /** Whether its end was sent, as opposed to a suspension that the store may refuse. */
  hasSettled = false
  #stepTools: StepTools | undefined
  #jobLog: Logger | undefined

  constructor({ run, job, digest, cover }: ExecutionInput, deps: ExecutionDeps) {
    this.run = new CurrentRun(run, job, deps.log)
    this.job = job
    this.digest = digest
    this.deps = deps
    this.scheduler = new StepScheduler(this.run, cover, deps)
  }
  get stepTools(): StepTools {
    this.#stepTools ??= stepTools(this.scheduler)
    return this.#stepTools
  }

  /** Silent while the function repeats what earlier executions did. */
  get jobLog(): Logger {
    this.#jobLog ??= silentWhile(() => this.scheduler.results.areReplayed, this.run.log)
    return this.#jobLog
  }
}
