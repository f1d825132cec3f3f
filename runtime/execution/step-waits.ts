import type { CancelTimer, Clock } from '../model/clock.ts'
import type { Wait } from '../model/outcome.ts'
import type { StepPath } from '../model/step-path.ts'
import { isArrival, isDeadline, type WaitKind } from '../model/wait.ts'
import type { ExecutionState } from './execution-state.ts'
import type { TimerSet } from './timer-set.ts'

/** Quiet time after which a run that only waits is suspended. */
const suspendAfterMs = 1_000
const maxWaitsNamed = 50

interface LocalWait {
  readonly kind: WaitKind
  readonly position: number | undefined
  readonly fingerprint: string | undefined
  readonly endsAt: number
  /** Ends the wait early. */
  readonly end: () => void
}

export interface WaitOptions {
  readonly kind: WaitKind
  readonly ms: number
  /** Of the journal entry that stored the deadline. */
  readonly position?: number | undefined
  /** The failure after which a retry waits. */
  readonly fingerprint?: string | undefined
}

/** The waits of one execution's steps. A run that only waits takes no slot; once it has been quiet for a while it is suspended. */
export class StepWaits {
  readonly #state: ExecutionState
  readonly #clock: Clock
  readonly #timers: TimerSet
  readonly #waits = new Map<StepPath, LocalWait>()
  #quiet: CancelTimer | undefined

  constructor(state: ExecutionState, clock: Clock, timers: TimerSet) {
    this.#state = state
    this.#clock = clock
    this.#timers = timers
  }

  get areOpen(): boolean {
    return this.#waits.size > 0
  }

  /** Waits here; if nothing else happens for a while, the run suspends and this never settles. */
  async wait(path: StepPath, { kind, ms, position, fingerprint }: WaitOptions): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel()
        resolve()
      }
      const cancel = this.#timers.after(ms, resolve)
      this.#waits.set(path, { kind, position, fingerprint, endsAt: this.#clock.elapsed() + ms, end })
      this.#state.changed()
    })
    this.#waits.delete(path)
    await this.#state.mayBegin()
    this.#state.changed()
  }

  /** An arrival is possible: steps that wait for one ask again. */
  arrived(): void {
    for (const wait of this.#waits.values()) if (isArrival(wait)) wait.end()
  }

  /** R5: the store says that a wait is over. Without arrivals it is the first deadline, whatever this process's clock says. */
  continued(): void {
    const waits = [...this.#waits.values()]
    if (waits.some((wait) => isArrival(wait))) this.arrived()
    else waits.toSorted((a, b) => a.endsAt - b.endsAt)[0]?.end()
  }

  /** Calls `suspend` with the waits once the run has been quiet for a while. Returns false when they can't be stored. */
  watchQuiet(suspend: (waits: readonly Wait[]) => void): boolean {
    const waits = [...this.#waits]
    if (waits.some(([, wait]) => isDeadline(wait) && wait.position === undefined)) return false
    this.#quiet = this.#clock.after(suspendAfterMs, () => suspend(soonest(waits)))
    return true
  }

  endQuiet(): void {
    this.#quiet?.()
    this.#quiet = undefined
  }
}

function soonest(waits: readonly (readonly [StepPath, LocalWait])[]): readonly Wait[] {
  const named = waits.toSorted(([, a], [, b]) => a.endsAt - b.endsAt).slice(0, maxWaitsNamed)
  return named.map(([path, wait]): Wait => {
    if (isArrival(wait)) return { kind: wait.kind, path }
    const { kind, position = 0, fingerprint } = wait
    return { kind, path, position, ...(fingerprint === undefined ? {} : { fingerprint }) }
  })
}
