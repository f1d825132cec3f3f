import { pause } from '../model/clock.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { isName } from '../model/name.ts'
import { deadDutyMs } from '../store/leader-check.ts'
import { leaderRole, type TermStore } from '../store/terms.ts'
import type { Duty } from './duty.ts'
import { Elector, type ElectorDeps } from './elector.ts'
import { type LeaderFunction, RoleRunner } from './role-runner.ts'

interface LeadershipDeps extends Omit<ElectorDeps, 'store'> {
  /** Whether this worker campaigns at all. */
  readonly campaigns: boolean
}

interface Candidate {
  readonly runner: RoleRunner
  elector: Elector | undefined
  /** The lease that it campaigns under. */
  lease: string | undefined
}

/** Whether a worker leads, as far as it may trust now. */
export interface Leader {
  readonly isLeading: boolean
  /** The number of the term, while it leads. */
  readonly fence: number | undefined
}

/**
 * All roles of one worker. Every worker campaigns for the default role, as it has duties; for another role only while
 * it has a listener for it.
 */
export class Leadership {
  readonly #deps: LeadershipDeps
  readonly #candidates = new Map<string, Candidate>()
  #store: TermStore | undefined
  #lease: string | undefined
  #closed = false

  constructor(deps: LeadershipDeps) {
    this.#deps = deps
  }

  /** Before the first lease. */
  open(store: TermStore, duties: readonly Duty[]): void {
    this.#store = store
    const { runner } = this.#candidate(leaderRole)
    for (const duty of duties) runner.addDuty(duty)
  }

  /** Of the default role. */
  get leader(): Leader {
    const fence = this.#candidates.get(leaderRole)?.elector?.fence
    return { isLeading: fence !== undefined, fence }
  }

  /** Whether it leads although a duty has had no successful round for long. */
  get hasDeadDuty(): boolean {
    return [...this.#candidates.values()].some(
      ({ runner, elector }) =>
        elector?.fence !== undefined && Object.values(runner.dutyAges()).some((ageMs) => ageMs > deadDutyMs),
    )
  }

  /** @throws InvalidOptionsError */
  listen(role: string, lead: LeaderFunction): () => void {
    if (!isName(role)) {
      throw new InvalidOptionsError("onLeader: write a role as a short text, onLeader('reports', …), or none")
    }
    if (typeof lead !== 'function') {
      throw new InvalidOptionsError('onLeader: give a function, async ({ signal, fence }) => …')
    }
    const candidate = this.#candidate(role)
    const leave = candidate.runner.addListener(lead)
    this.#stand(candidate)
    return () => {
      leave()
      if (!candidate.runner.isVacant || candidate.lease === undefined) return
      candidate.lease = undefined
      void candidate.elector?.end('unsubscribed')
    }
  }

  /** A new lease: campaigns for every role. */
  begin(lease: string): void {
    if (this.#closed) return
    this.#lease = lease
    for (const candidate of this.#candidates.values()) {
      if (!candidate.runner.isVacant) this.#stand(candidate)
    }
  }

  /** The lease is lost and all its terms with it: every signal aborts now. */
  lose(): void {
    this.#lease = undefined
    for (const candidate of this.#candidates.values()) {
      candidate.lease = undefined
      void candidate.elector?.end('lease lost')
    }
  }

  /**
   * Gives up every term for good: aborts their signals now, resolves when their work has settled and they are resigned;
   * after `maxMs`, or when `hurry` aborts, without that.
   */
  async resign(maxMs: number, hurry: AbortSignal): Promise<void> {
    this.#closed = true
    this.#lease = undefined
    const ends = [...this.#candidates.values()].map(({ elector }) => elector?.end('draining'))
    const enough = new AbortController()
    const late = pause(this.#deps.clock, maxMs, AbortSignal.any([enough.signal, hurry]))
    await Promise.race([Promise.all(ends), late])
    enough.abort()
  }

  #candidate(role: string): Candidate {
    const known = this.#candidates.get(role)
    if (known !== undefined) return known
    const made: Candidate = { runner: new RoleRunner(role, this.#deps), elector: undefined, lease: undefined }
    this.#candidates.set(role, made)
    return made
  }

  #stand(candidate: Candidate): void {
    const lease = this.#lease
    if (lease === undefined || this.#store === undefined || !this.#deps.campaigns) return
    if (candidate.lease === lease) return
    candidate.elector ??= new Elector(candidate.runner, { ...this.#deps, store: this.#store })
    candidate.lease = lease
    candidate.elector.begin(lease)
  }
}
