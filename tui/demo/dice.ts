/** Seeded randomness: the same seed makes the same shop. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 <= n < 1, by mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  pick<T>(of: readonly [T, ...T[]]): T {
    return of[Math.floor(this.next() * of.length)] ?? of[0]
  }

  /** One of the entries, each as often as its weight says. */
  weighted<T>(of: readonly (readonly [weight: number, T])[]): T {
    const all = of.reduce((sum, [weight]) => sum + weight, 0)
    let left = this.next() * all
    for (const [weight, one] of of) {
      left -= weight
      if (left < 0) return one
    }
    throw new Error('weighted: give it at least one entry with a weight above 0')
  }

  /** Between two events that come independently of each other, every `mean` on average. */
  gap(mean: number): number {
    return -Math.log(1 - this.next()) * mean
  }
}
