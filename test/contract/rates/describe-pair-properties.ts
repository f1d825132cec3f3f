import { describe, expect, test } from 'vitest'
import type { LimitUse } from '../../../runtime/model/limit-use.ts'
import { limits } from '../../../runtime/model/limiter.ts'
import { agedAfter } from '../../../runtime/store/limiters.ts'
import type { ClaimedRun, Store } from '../../../runtime/store/store.ts'
import { printEvidence } from '../../support/evidence.ts'
import { SeededRandom } from '../../support/seeded-random.ts'
import { newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { StoreKind, StoreUnderTest } from '../../support/stores/store-under-test.ts'
import { completed, TestWorker } from '../../support/stores/test-worker.ts'
import { type RateDefinition, type Start, slidingWindow, tokenBucket } from './rate-definition.ts'

const runCount = Number(process.env.DURABLE_JOBS_PROVE_PAIRS ?? 150)
const seed = Number(process.env.DURABLE_JOBS_PROVE_SEED ?? 1)
const maxTestMs = 60 * 60_000
const dayMs = 86_400_000
const workerCount = 3
const backlog = 40
/** Rounds in which every run requested, every hold ended and time passed, and nothing new began. */
const deadAfter = 30

const slots = [1, 2, 3].map((max) => limits.concurrency({ name: `slots-${max}`, max }))
const rates: Readonly<Record<string, RateDefinition>> = {
  window: slidingWindow(4, 900),
  bucket: tokenBucket(3, 2, 700),
}
const rules = [
  ...slots.map(({ name, rule }) => ({ name, rule })),
  ...Object.entries(rates).map(([name, { limiter }]) => ({ name, rule: limiter.rule })),
]

/** Runs that need two limits each: all or nothing, no starvation, and no younger run before an aged waiter. */
export function describePairProperties({ name, open }: StoreKind): void {
  describe(`pairs of limits: ${name}`, () => {
    test(
      `${runCount} runs with two limits each, concurrency and rates mixed, all end`,
      async () => {
        const under = await open()
        try {
          const play = await Play.begin(under)
          await play.all(runCount)
          printEvidence({ measure: 'runs with two limits each', store: name, seed, ...play.figures })
        } finally {
          await under.close()
        }
      },
      maxTestMs,
    )
  })
}

interface Known {
  readonly id: string
  /** Order of the enqueue. */
  readonly order: number
  readonly uses: readonly LimitUse[]
  readonly since: number
  held?: { readonly worker: TestWorker; readonly run: ClaimedRun }
  /** Attempts whose rates were charged. */
  readonly paid: Set<number>
  /** The first line it was seen in, and when. */
  line?: { readonly at: string; readonly seenAt: number }
  /** It was refused again after it had aged: no younger run takes its keys from now on. */
  senior: boolean
}

class Play {
  readonly figures = { runs: 0, claims: 0, seniors: 0, 'longest wait s': 0 }
  readonly #under: StoreUnderTest
  readonly #store: Store
  readonly #random = new SeededRandom(seed)
  readonly #workers: TestWorker[] = []
  readonly #live = new Map<string, Known>()
  readonly #starts = new Map<string, Start[]>()

  private constructor(under: StoreUnderTest) {
    this.#under = under
    this.#store = under.store
  }

  static async begin(under: StoreUnderTest): Promise<Play> {
    const play = new Play(under)
    for (let i = 0; i < workerCount; i++) play.#workers.push(await play.#register())
    return play
  }

  async all(count: number): Promise<void> {
    let idle = 0
    while (this.figures.runs < count || this.#live.size > 0) {
      const before = this.figures.claims
      const room = Math.min(count - this.figures.runs, backlog - this.#live.size)
      if (room > 0) await this.#enqueue(this.#random.between(0, Math.min(room, 4)))
      await this.#step()
      idle = this.figures.claims > before ? 0 : idle + 1
      if (idle <= deadAfter) continue
      for (const known of this.#held()) await this.#end(known, 'completed')
      // A move that is noticed only after time has passed would look like a later refusal.
      await this.#noticeSeniors()
      this.#under.advance(5_000)
      for (const worker of this.#workers) await this.#claim(worker)
      await this.#noticeSeniors()
      if (this.figures.claims === before && this.#live.size > 0)
        throw new Error(`nothing starts any more: ${this.#stuck()}`)
    }
    await this.#check()
  }

  #register(): Promise<TestWorker> {
    return TestWorker.register(this.#store, { limiters: rules, leaseMs: dayMs })
  }

  async #step(): Promise<void> {
    const chance = this.#random.next()
    const held = this.#held()
    if (chance < 0.4) await this.#claim(this.#random.pick(this.#workers))
    else if (chance < 0.75 && held.length > 0) {
      const kinds = ['completed', 'completed', 'completed', 'failed', 'retrying', 'released'] as const
      await this.#end(this.#random.pick(held), this.#random.pick(kinds))
    } else if (chance < 0.77) await this.#replaceWorker()
    else this.#under.advance(this.#random.pick([1, 60, 400, 1_500]))
    await this.#check()
    await this.#noticeSeniors()
  }

  async #enqueue(count: number): Promise<void> {
    const made = Array.from({ length: count }, () => {
      const first = this.#random.between(0, rules.length - 1)
      const second = (first + this.#random.between(1, rules.length - 1)) % rules.length
      return newRun({ limits: [this.#use(first), this.#use(second)] })
    })
    await this.#store.enqueue(made)
    for (const { id, limits: uses = [] } of made) {
      const order = this.figures.runs++
      this.#live.set(id, { id, order, uses, since: this.#under.now(), paid: new Set(), senior: false })
    }
  }

  #use(which: number): LimitUse {
    const { name = '', rule } = rules[which] ?? {}
    const cost = this.#random.next() < 0.5 ? 1 : this.#random.between(1, rule?.max ?? 1)
    return { limiter: name, key: `k${this.#random.between(1, 2)}`, cost, wholeRun: false }
  }

  async #claim(worker: TestWorker): Promise<void> {
    const { runs } = await worker.claimReply(this.#random.between(1, 5))
    for (const run of runs) {
      const known = this.#live.get(run.id)
      if (known === undefined) throw new Error(`${run.id} was claimed although it has ended`)
      known.held = { worker, run }
      this.figures.claims++
      this.#passesNoSenior(known, run.attempt)
      this.#charge(known, run.attempt)
      const waited = Math.round((this.#under.now() - known.since) / 1_000)
      if (run.attempt === 1) this.figures['longest wait s'] = Math.max(this.figures['longest wait s'], waited)
      known.senior = false
      delete known.line
    }
  }

  /** Q3, and never over. */
  #charge(known: Known, attempt: number): void {
    if (known.paid.has(attempt)) return
    known.paid.add(attempt)
    for (const { limiter, key, cost } of known.uses) {
      const rate = rates[limiter]
      if (rate === undefined) continue
      const starts = this.#starts.get(`${limiter} ${key}`) ?? []
      const next = { at: this.#under.now(), cost }
      expect(rate.allows(starts, next), `${limiter} of ${key} allows ${known.id}`).toBe(true)
      // Older ones say nothing new of rates that are over within seconds.
      this.#starts.set(`${limiter} ${key}`, [...starts, next].slice(-40))
    }
  }

  /** Q6. */
  #passesNoSenior(known: Known, attempt: number): void {
    // A cost paid earlier is not taken again.
    const taken = known.uses.filter(({ limiter }) => !(limiter in rates && known.paid.has(attempt)))
    const passed = [...this.#live.values()].find(
      ({ senior, order, uses }) => senior && order < known.order && sharesKey(uses, taken),
    )
    expect(passed?.id, `senior passed over by ${known.id}`).toBeUndefined()
  }

  async #end(known: Known, kind: 'completed' | 'failed' | 'retrying' | 'released'): Promise<void> {
    const { worker, run } = known.held ?? {}
    if (worker === undefined || run === undefined) return
    delete known.held
    if (kind === 'completed' || kind === 'failed') this.#live.delete(known.id)
    if (kind === 'completed') await worker.settle(run, completed)
    if (kind === 'failed') await worker.settle(run, { kind, error: plainError })
    if (kind === 'retrying') await worker.settle(run, { kind, error: plainError, delayMs: 300 })
    if (kind === 'released') await worker.settle(run, { kind })
  }

  async #replaceWorker(): Promise<void> {
    const which = this.#random.between(0, workerCount - 1)
    const old = this.#workers[which]
    if (old === undefined) return
    for (const known of this.#held()) if (known.held?.worker === old) delete known.held
    await this.#store.resign(old.lease, [])
    this.#workers[which] = await this.#register()
  }

  /** Q1: the usage of a key equals the holds of its holders, and the sweep finds nothing to repair. */
  async #check(): Promise<void> {
    for (const { name } of slots) {
      const keys = await this.#store.limiterKeys(name, 10)
      const told = keys.filter(({ used }) => used > 0).map(({ key, used }) => [key, used] as const)
      const held = new Map<string, number>()
      for (const known of this.#held()) {
        for (const { limiter, key, cost } of known.uses) {
          if (limiter === name) held.set(key, (held.get(key) ?? 0) + cost)
        }
      }
      expect(Object.fromEntries(told), `held of ${name}`).toEqual(Object.fromEntries(held))
      for (const { used, max } of keys) expect(used).toBeLessThanOrEqual(max)
    }
    if (this.#random.next() < 0.1) expect(await this.#store.sweep(1_000)).toEqual({ pruned: 0, repaired: [] })
  }

  /** A run that is on another waitlist than before was refused once more. */
  async #noticeSeniors(): Promise<void> {
    const waiting = [...this.#live.values()].filter(({ held, senior }) => held === undefined && !senior)
    const places = await Promise.all(waiting.map(({ id }) => this.#store.linePlaces(id)))
    for (const [i, known] of waiting.entries()) {
      const place = places[i]?.[0]
      if (place === undefined) continue
      const at = `${place.limiter} ${place.key}`
      known.line ??= { at, seenAt: this.#under.now() }
      const waited = this.#under.now() - known.line.seenAt
      if (waited < agedAfter.waitedMs || known.line.at === at) {
        if (waited < agedAfter.waitedMs) known.line = { at, seenAt: known.line.seenAt }
        continue
      }
      known.senior = true
      this.figures.seniors++
    }
  }

  #held(): Known[] {
    return [...this.#live.values()].filter(({ held }) => held !== undefined)
  }

  #stuck(): string {
    return JSON.stringify([...this.#live.values()].map(({ id, uses }) => ({ id, uses })))
  }
}

function sharesKey(some: readonly LimitUse[], others: readonly LimitUse[]): boolean {
  return some.some((use) => others.some(({ limiter, key }) => limiter === use.limiter && key === use.key))
}
