import type { Logger } from '../model/job.ts'
import { type Protection, type ProtectionHold, startsUnprotected } from '../model/protection.ts'
import type { ClaimRequest } from '../store/store.ts'

/** The cover of one claim from its send until each of its runs has its own cover. */
export interface ClaimCover {
  readonly request: Pick<ClaimRequest, 'protected' | 'mayAsk'>
  /** The claim got its reply: `asks` when the store wants this worker to ask for protection. */
  replied(reply: { readonly broughtProtected: boolean; readonly asks: boolean }): void
  /** Calling it after `replied` does nothing. */
  end(): void
}

/** Calling it twice does nothing. */
type EndCover = () => void

/** The cover of one execution of a run. */
export interface RunCover {
  /** Whether the run may begin; never rejects. */
  mayBegin(): boolean | Promise<boolean>
  /** Covers an at-most-once body. Resolves, within 10 s, to the end of its cover; undefined: it may not begin. */
  coverOnce(): Promise<EndCover | undefined>
  /** Ends the cover of the run and its bodies. */
  end(): void
}

/**
 * What a worker's claims and runs need of the task's scale-in protection.
 * RP1  A run that needs protection is covered by its claim, then by a hold of its own until it has left its slot.
 * RP2  A claim without such a run leaves no trace: an idle worker polls, and must not keep the task protected by that.
 * RP3  An at-most-once body of another run is covered by a hold of its own, from before its intent is stored (in
 * `required` once it's confirmed, else as soon as it's requested) until its end is stored: the rest of a long run must
 * not keep the task. A step that ends with its run never settles; its hold ends when the run leaves its slot.
 */
export interface RunProtection {
  /** Whether a slot is kept free: a reply of ECS is expected soon. */
  readonly keepsSlotFree: boolean
  claim(max: number): ClaimCover
  /** `onLost` is called once when a run must be handed over because its protection ends. */
  cover(run: {
    readonly id: string
    readonly needsProtection: boolean
    readonly onLost: () => void
  }): RunCover
}

const uncoveredClaim: ClaimCover = {
  request: { protected: true, mayAsk: false },
  replied: () => undefined,
  end: () => undefined,
}

const uncoveredRun: RunCover = {
  mayBegin: () => true,
  coverOnce: async () => () => undefined,
  end: () => undefined,
}

/** Without scale-in protection a worker takes every run. */
export const noRunProtection: RunProtection = {
  keepsSlotFree: false,
  claim: () => uncoveredClaim,
  cover: () => uncoveredRun,
}

/** Covers claims and runs with the protection of the task. */
export class TaskRunProtection implements RunProtection {
  readonly #protection: Protection
  readonly #log: Logger

  constructor(protection: Protection, log: Logger) {
    this.#protection = protection
    this.#log = log
  }

  get keepsSlotFree(): boolean {
    return this.#protection.keepsSlotFree()
  }

  claim(max: number): ClaimCover {
    const protection = this.#protection
    // If it is already asking, the reply of ECS wakes it.
    const mayAsk = protection.mayAsk() && !protection.keepsSlotFree()
    const request = { protected: protection.mayClaimProtected(), mayAsk }
    const hold = request.protected && max > 0 ? protection.acquire() : undefined
    return {
      request,
      replied({ broughtProtected, asks }) {
        if (broughtProtected) hold?.release()
        else hold?.withdraw()
        if (asks) protection.want()
      },
      end: () => hold?.withdraw(),
    }
  }

  cover({ id, needsProtection, onLost }: Parameters<RunProtection['cover']>[0]): RunCover {
    const holds = new Set<ProtectionHold>()
    const release = (hold: ProtectionHold): void => {
      holds.delete(hold)
      hold.release()
    }
    const acquire = (): ProtectionHold => {
      let hold = this.#protection.acquire()
      if (hold.signal.aborted) {
        // Protection was found over at this very call. That is reported once: the next hold is whole.
        const lapsed = hold
        hold = this.#protection.acquire()
        lapsed.release()
      }
      holds.add(hold)
      hold.signal.addEventListener('abort', () => this.#lost(id, onLost), { once: true })
      return hold
    }
    // RP1: before its claim releases its own.
    const own = needsProtection ? acquire() : undefined
    return {
      mayBegin: () => own?.confirm() ?? true,
      async coverOnce() {
        if (own !== undefined) return (await own.confirm()) ? () => undefined : undefined
        const hold = acquire()
        if (await hold.confirm()) return () => release(hold)
        release(hold)
        return undefined
      },
      end() {
        for (const hold of holds) release(hold)
      },
    }
  }

  #lost(run: string, onLost: () => void): void {
    if (startsUnprotected[this.#protection.mode]) {
      this.#log.warn({ run }, "the task's protection ends: the run goes on without it")
    } else {
      this.#log.warn({ run }, "the task's protection ends: the run is handed over at its next step edge")
      onLost()
    }
  }
}
