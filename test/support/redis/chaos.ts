/** The faults that chaos picks from, as the proxy carries them out. */
interface FaultSource {
  readonly armed: number
  cutReplies(count: number): void
  stall(): void
  flow(): void
  dropAll(): void
  refuse(): void
  accept(): void
  delay(ms: number): void
  holdBack(ms: number): Promise<unknown>
  duplicate(ms: number): Promise<unknown>
  disarm(): void
}

export type Fault = 'cutReplies' | 'stall' | 'dropAll' | 'refuse' | 'delay' | 'holdBack' | 'duplicate'

/** The probability of each fault per pick; the rest to 1 is the probability of none. */
export interface ChaosRates extends Partial<Readonly<Record<Fault, number>>> {
  /** Ms between two picks. */
  readonly everyMs: number
  /** How long a stall or a refusal lasts, and how late a delivery is, at most. Default: 5 × `everyMs`. */
  readonly maxMs?: number
  /** Default: 20 ms. */
  readonly maxDelayMs?: number
}

const faults: readonly Fault[] = [
  'cutReplies',
  'stall',
  'dropAll',
  'refuse',
  'delay',
  'holdBack',
  'duplicate',
]

const ofCommands = new Set<Fault>(['cutReplies', 'holdBack', 'duplicate'])

/** Picks a fault every so often. The same random numbers pick the same faults in the same order. */
export class Chaos {
  /** How often each was picked; the faults that hit are in the `hits` of the proxy. */
  readonly picked: Readonly<Record<Fault, number>>
  readonly #picked: Record<Fault, number>
  readonly #proxy: FaultSource
  readonly #random: () => number
  readonly #rates: ChaosRates
  readonly #clock: NodeJS.Timeout
  readonly #ends = new Map<Fault, NodeJS.Timeout>()

  constructor(proxy: FaultSource, random: () => number, rates: ChaosRates) {
    this.#proxy = proxy
    this.#random = random
    this.#rates = rates
    this.#picked = { cutReplies: 0, stall: 0, dropAll: 0, refuse: 0, delay: 0, holdBack: 0, duplicate: 0 }
    this.picked = this.#picked
    this.#clock = setInterval(() => this.#pick(), rates.everyMs)
  }

  /** Ends the lasting faults, and those that have not hit yet. Late deliveries still arrive. */
  stop(): void {
    clearInterval(this.#clock)
    for (const end of this.#ends.values()) clearTimeout(end)
    this.#proxy.disarm()
    this.#proxy.accept()
    this.#proxy.delay(0)
    this.#proxy.flow()
  }

  #pick(): void {
    // Both numbers are always drawn, so that their meaning does not depend on the pick.
    let choice = this.#random()
    const size = this.#random()
    for (const fault of faults) {
      choice -= this.#rates[fault] ?? 0
      if (choice >= 0) continue
      // If they piled up while a client is away, it could never connect again.
      if (ofCommands.has(fault) && this.#proxy.armed > 0) return
      this.#picked[fault]++
      this.#begin(fault, size)
      return
    }
  }

  #begin(fault: Fault, size: number): void {
    const { everyMs, maxMs = 5 * everyMs, maxDelayMs = 20 } = this.#rates
    const ms = size * maxMs
    switch (fault) {
      case 'cutReplies':
        this.#proxy.cutReplies(1)
        break
      case 'dropAll':
        this.#proxy.dropAll()
        break
      case 'holdBack':
        void this.#proxy.holdBack(ms)
        break
      case 'duplicate':
        void this.#proxy.duplicate(ms)
        break
      case 'stall':
        this.#proxy.stall()
        this.#endIn(ms, fault, () => this.#proxy.flow())
        break
      case 'refuse':
        this.#proxy.refuse()
        this.#endIn(ms, fault, () => this.#proxy.accept())
        break
      case 'delay':
        this.#proxy.delay(size * maxDelayMs)
        this.#endIn(maxMs, fault, () => this.#proxy.delay(0))
        break
    }
  }

  #endIn(ms: number, fault: Fault, end: () => void): void {
    clearTimeout(this.#ends.get(fault))
    this.#ends.set(fault, setTimeout(end, ms))
  }
}
