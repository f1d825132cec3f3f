import type { CampaignReply, DutyAges, TermStore } from '../../../runtime/store/terms.ts'
import type { FakeClock } from '../../support/fake-clock.ts'

/** A term store with scripted replies, which records its calls and their times. */
export class ScriptedTerms implements TermStore {
  readonly calls: string[] = []
  campaigns: () => Promise<CampaignReply>
  renewals: () => Promise<'held' | 'lost'> = async () => 'held'
  resignations: () => Promise<void> = async () => undefined
  ages: DutyAges = {}
  readonly #clock: FakeClock
  #term = 100

  constructor(clock: FakeClock) {
    this.#clock = clock
    this.campaigns = async () => ({ kind: 'leading', term: ++this.#term })
  }

  campaign(role: string, lease: string, _termMs: number, after: number): Promise<CampaignReply> {
    this.#note(`campaign ${role} ${lease}${after === 0 ? '' : ` after ${after}`}`)
    return this.campaigns()
  }

  renewTerm(_role: string, term: number, _lease: string, duties: DutyAges): Promise<'held' | 'lost'> {
    this.#note(`renew ${term}`)
    this.ages = duties
    return this.renewals()
  }

  resignTerm(_role: string, term: number): Promise<void> {
    this.#note(`resign ${term}`)
    return this.resignations()
  }

  readonly #listeners = new Set<() => void>()

  onVacancy(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Notifies every listener that a role may be vacant; returns their number. */
  tellVacancy(): number {
    for (const listener of [...this.#listeners]) listener()
    return this.#listeners.size
  }

  /** The calls since the last call of this. */
  take(): string[] {
    return this.calls.splice(0)
  }

  #note(call: string): void {
    this.calls.push(`${this.#clock.elapsed()} ${call}`)
  }
}
