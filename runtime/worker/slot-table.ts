import type { ExecutionDeps } from '../execution/execution.ts'
import type { LeaseListener } from '../execution/lease-listener.ts'
import { RunExecutor } from '../execution/run-executor.ts'
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
  readonly execution: ExecutionDeps
  readonly protection: RunProtection
  /** Executions of this process by run, over all its leases: a run is never in two bodies of one process (R18). */
  readonly executions: Map<RunId, Promise<void>>
  readonly listener: Pick<LeaseListener, 'changed' | 'uncertain'>
}

/** The runs that a lease holds, each with its executor. */
export class SlotTable {
  readonly #deps: SlotTableDeps
  readonly #slots = new Map<RunId, RunExecutor>()
  #isDraining = false

  constructor(deps: SlotTableDeps) {
    this.#deps = deps
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
    return [...this.#slots.values()].map(({ run }) => ({ run: run.id, fence: run.fence }))
  }

  /** Per run, the step in which it has been for longest. */
  get openSteps(): readonly OpenStep[] {
    return [...this.#slots.values()].flatMap(({ openStep }) => openStep ?? [])
  }

  /** What becomes of the runs it holds while it drains, those in a step first. */
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
    await Promise.all(this.insideOnce.map((id) => this.#deps.executions.get(id)))
  }

  /** Resolves when no slot is taken. */
  async empty(): Promise<void> {
    while (this.#slots.size > 0) {
      await Promise.race([...this.#slots.keys()].map((id) => this.#deps.executions.get(id)))
    }
  }

  /** Hands over the runs, each at its next step edge, and those that still arrive. */
  drain(): void {
    this.#isDraining = true
    for (const slot of this.#slots.values()) slot.stop({ kind: 'draining' })
  }

  /** Gives up all runs but those of `kept`: their signals abort, and they write nothing more. */
  lose(kept: readonly RunId[] = []): void {
    for (const [id, slot] of this.#slots) if (!kept.includes(id)) slot.stop({ kind: 'lost' })
  }

  /** The store says that these are held elsewhere. */
  drop(ids: readonly RunId[]): void {
    for (const id of ids) this.#slots.get(id)?.stop({ kind: 'lost' })
  }

  obey({ cancel, granted }: Orders): void {
    for (const id of cancel) this.#slots.get(id)?.stop({ kind: 'cancelled' })
    for (const id of granted) this.#slots.get(id)?.arrived()
  }

  /** Puts a claimed run into a slot. */
  start(run: ClaimedRun): void {
    const { config, execution } = this.#deps
    const job = config.jobs.get(run.job)
    const digest = config.registered.find(({ name }) => name === run.job)?.digest ?? ''
    if (job === undefined) {
      const { id, fence, position } = run
      const reason = `worker ${config.name} got it without knowing its job '${run.job}'`
      config.log.error({ run: id, reason }, 'a run is blocked')
      const outcome = { kind: 'blocked', reason, digest } as const
      execution.outbox.submit({ kind: 'settle', run: id, fence, position, outcome }).catch(() => undefined)
      return
    }
    this.#occupy(run, job, digest)
  }

  #occupy(run: ClaimedRun, job: Job, digest: string): void {
    const { config, execution, protection, executions, listener } = this.#deps
    const cover = protection.cover({
      id: run.id,
      needsProtection: run.protect === true,
      onLost: () => slot.stop({ kind: 'unprotected' }),
    })
    const slot: RunExecutor = new RunExecutor({ run, job, digest, cover }, execution)
    const ended = this.#execute(slot, executions.get(run.id), cover)
      .catch((error: unknown) => {
        const err = toStoredError(error)
        config.log.error({ run: run.id, err }, 'a run left its slot by an error of the runtime')
        // Its end is not stored: the store hands it out again.
        listener.uncertain()
      })
      .finally(() => {
        // The claim that settled this one may have brought the run back: by now both places can be the next execution's.
        if (this.#slots.get(run.id) === slot) this.#slots.delete(run.id)
        if (executions.get(run.id) === ended) executions.delete(run.id)
        cover.end()
        listener.changed()
      })
    this.#slots.set(run.id, slot)
    executions.set(run.id, ended)
    if (this.#isDraining) slot.stop({ kind: 'draining' })
  }

  /**
   * A run whose older execution still unwinds in this process waits for it, or is handed back; so is one that needs
   * protection which the task has lost since the claim was sent.
   */
  async #execute(slot: RunExecutor, older: Promise<void> | undefined, cover: RunCover): Promise<void> {
    const { clock, log } = this.#deps.config
    const isFree = older === undefined || (await endsWithin(clock, older, unwindGraceMs))
    if (!isFree || !(await cover.mayBegin())) {
      await slot.release()
      return
    }
    const start = clock.elapsed()
    const { id: run, job, attempt, losses, position } = slot.run
    if (position > 0 || losses > 0)
      log.info({ run, job, position, losses }, 'a run goes on from its stored steps')
    else log.debug({ run, job, attempt }, 'a run entered a slot')
    const outcome = await slot.execute()
    log.info({ run, job, outcome, ms: Math.round(clock.elapsed() - start) }, 'a run left its slot')
    if (outcome === 'lost') this.#deps.listener.uncertain()
  }
}
