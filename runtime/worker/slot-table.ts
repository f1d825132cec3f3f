import type { ExecutionDeps } from '../execution/execution.ts'
import type { LeaseListener } from '../execution/lease-listener.ts'
import { RunExecutor } from '../execution/run-executor.ts'
import { writes } from '../model/bound-logger.ts'
import { endsWithin } from '../model/clock.ts'
import type { Job } from '../model/job.ts'
import type { RunId } from '../model/run-id.ts'
import { toStoredError } from '../model/stored-error.ts'
import type { OpenStep } from '../store/open-steps.ts'
import type { ClaimedRun, Held, Orders } from '../store/store.ts'
import type { RunDrainPlan } from '../store/worker-drain.ts'
import type { RunCover, RunProtection } from './run-protection.ts'
import type { WorkerConfig } from './worker-options.ts'

const unwindGraceMs = 5_000

export interface SlotTableDeps {
  readonly config: Pick<WorkerConfig, 'clock' | 'concurrency' | 'jobs' | 'log' | 'name' | 'registered'>
  readonly executionDeps: ExecutionDeps
  readonly protection: RunProtection
  /**
   * Executions of this process by run, over all its leases: a run that comes back waits until the older execution has
   * ended or its grace is over (R18).
   */
  readonly executors: Map<RunId, RunExecutor>
  readonly listener: Pick<LeaseListener, 'changed' | 'uncertain'>
}

/** The runs that a lease holds, each with its executor. */
export class SlotTable {
  readonly #deps: SlotTableDeps
  readonly #slots = new Map<RunId, RunExecutor>()
  /** Of each job's code. */
  readonly #digests: ReadonlyMap<string, string>
  #isDraining = false

  constructor(deps: SlotTableDeps) {
    this.#deps = deps
    this.#digests = new Map(deps.config.registered.map(({ name, digest }) => [name, digest]))
  }

  /** How many runs it holds. */
  get size(): number {
    return this.#slots.size
  }

  /** Free slots: runs that only wait take none, nor do those that are to be settled with the next claim. */
  get free(): number {
    if (this.#isDraining) return 0
    const { config, protection } = this.#deps
    let taken = protection.keepsSlotFree ? 1 : 0
    for (const slot of this.#slots.values()) if (slot.takesSlot) taken++
    return Math.max(0, config.concurrency - taken)
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  get held(): readonly Held[] {
    return [...this.#slots.values()].map(({ claimed }) => ({ run: claimed.id, fence: claimed.fence }))
  }

  /** Per run, the step in which it has been for longest. */
  get openSteps(): readonly OpenStep[] {
    return [...this.#slots.values()].flatMap(({ openStep }) => openStep ?? [])
  }

  /** Returns what will happen to its runs while it drains, those in a step first. */
  get drainPlan(): readonly RunDrainPlan[] {
    const plans = [...this.#slots.values()].map(({ drainPlan }) => drainPlan)
    const isInStep = ({ plan }: RunDrainPlan): boolean => plan !== 'handing over'
    return [...plans.filter(isInStep), ...plans.filter((plan) => !isInStep(plan))]
  }

  /** Runs inside an at-most-once body, which must not be handed over (R12). */
  get insideOnce(): readonly RunId[] {
    return [...this.#slots].filter(([, slot]) => slot.insideOnce).map(([id]) => id)
  }

  /** Resolves when the runs that are inside such a body now have left their slots, its end stored. */
  async onceEnded(): Promise<void> {
    await Promise.all(this.insideOnce.map((id) => this.#slots.get(id)?.ended))
  }

  /** Resolves when no slot is taken. */
  async empty(): Promise<void> {
    while (this.#slots.size > 0) {
      await Promise.all([...this.#slots.values()].map(({ ended }) => ended))
    }
  }

  /** Hands over the runs, each at its next step edge, and those that still arrive. */
  drain(): void {
    this.#isDraining = true
    for (const slot of this.#slots.values()) slot.stop({ kind: 'draining' })
  }

  /** Gives up all runs except those of `kept`: their signals abort, and they write nothing more. */
  lose(kept: readonly RunId[] = []): void {
    for (const [id, slot] of this.#slots) if (!kept.includes(id)) slot.stop({ kind: 'lost' })
  }

  /** The store says that other workers hold these. */
  drop(ids: readonly RunId[]): void {
    for (const id of ids) this.#slots.get(id)?.stop({ kind: 'lost' })
  }

  obey({ cancel, granted }: Orders): void {
    for (const id of cancel) this.#slots.get(id)?.stop({ kind: 'cancelled' })
    for (const id of granted) this.#slots.get(id)?.arrived()
  }

  /** Puts a claimed run into a slot. */
  start(run: ClaimedRun): void {
    const { config, executionDeps } = this.#deps
    const job = config.jobs.get(run.job)
    const digest = this.#digests.get(run.job) ?? ''
    if (job === undefined) {
      const { id, fence, position } = run
      const reason = `worker ${config.name} got it without knowing its job '${run.job}'`
      config.log.error({ run: id, reason }, 'a run is blocked')
      const outcome = { kind: 'blocked', reason, digest } as const
      executionDeps.outbox
        .submit({ kind: 'settle', run: id, fence, position, outcome })
        .catch(() => undefined)
      return
    }
    this.#occupy(run, job, digest)
  }

  #occupy(run: ClaimedRun, job: Job, digest: string): void {
    const { executionDeps, protection, executors } = this.#deps
    const cover = protection.cover({
      id: run.id,
      needsProtection: run.protect === true,
      onLost: () => slot.stop({ kind: 'unprotected' }),
    })
    const slot: RunExecutor = new RunExecutor({ run, job, digest, cover }, executionDeps)
    const older = executors.get(run.id)
    this.#slots.set(run.id, slot)
    executors.set(run.id, slot)
    if (this.#isDraining) slot.stop({ kind: 'draining' })
    slot.ended = this.#hold(slot, older, cover)
  }

  /**
   * Executes a run and gives its slot back; never rejects. A run whose older execution still unwinds in this process waits for
   * it, or is handed back; so is one that needs protection which the task has lost since the claim was sent.
   */
  async #hold(slot: RunExecutor, older: RunExecutor | undefined, cover: RunCover): Promise<void> {
    const { config, listener } = this.#deps
    try {
      const isFree = older === undefined || (await endsWithin(config.clock, older.ended, unwindGraceMs))
      const mayBegin = isFree && cover.mayBegin()
      if (mayBegin === true || (await mayBegin)) await this.#execute(slot)
      else await slot.release()
    } catch (error) {
      const err = toStoredError(error)
      config.log.error({ run: slot.claimed.id, err }, 'a run left its slot by an error of the runtime')
      // Its end is not stored: the store hands it out again.
      listener.uncertain()
    }
    this.#leave(slot)
    cover.end()
    listener.changed()
  }

  #execute(slot: RunExecutor): Promise<void> {
    const { clock, log } = this.#deps.config
    const { id: run, job, attempt, losses, position } = slot.claimed
    if (position > 0 || losses > 0)
      log.info({ run, job, position, losses }, 'a run goes on from its stored steps')
    else if (writes(log, 'debug')) log.debug({ run, job, attempt }, 'a run entered a slot')
    const start = clock.elapsed()
    return slot.execute().then((outcome) => {
      if (writes(log, 'info')) {
        const ms = Math.round(clock.elapsed() - start)
        log.info({ run, job, outcome, ms }, 'a run left its slot')
      }
      if (outcome === 'lost') this.#deps.listener.uncertain()
    })
  }

  /** The claim that settled a run may have brought it back: by now both places can be the next execution's. */
  #leave(slot: RunExecutor): void {
    const { executors } = this.#deps
    const { id } = slot.claimed
    if (this.#slots.get(id) === slot) this.#slots.delete(id)
    if (executors.get(id) === slot) executors.delete(id)
  }
}
