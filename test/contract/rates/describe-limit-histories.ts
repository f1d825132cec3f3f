import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LimitUse } from '../../../runtime/model/limit-use.ts'
import { limits } from '../../../runtime/model/limiter.ts'
import { isEnd } from '../../../runtime/model/run.ts'
import type { ClaimedRun, Store } from '../../../runtime/store/store.ts'
import { byHand, done, leaseMs, newRun, plainError, waiting } from '../../support/stores/store-inputs.ts'
import type { StoreKind, StoreUnderTest } from '../../support/stores/store-under-test.ts'
import { completed, TestWorker } from '../../support/stores/test-worker.ts'

const numRuns = Number(process.env.DURABLE_JOBS_PROVE_HISTORIES ?? 25)
const maxTestMs = 30 * 60_000
const workerCount = 3
const roundsToEnd = 60

const limiters = [
  limits.concurrency({ name: 'one', max: 1 }),
  limits.concurrency({ name: 'two', max: 2 }),
  limits.slidingWindow({ name: 'window', limit: 2, window: '1s' }),
].map(({ name, rule }) => ({ name, rule }))
const held = ['one', 'two']

const index = fc.nat({ max: 999 })
const use = fc.record({
  limiter: fc.constantFrom('one', 'two', 'two', 'window'),
  key: fc.constantFrom('a', 'b'),
  cost: fc.constantFrom(1, 1, 2),
  wholeRun: fc.boolean(),
})
const uses = fc.uniqueArray(use, { selector: ({ limiter }) => limiter, maxLength: 3 }).map((list) =>
  list.map((each) => ({
    ...each,
    cost: each.limiter === 'one' ? 1 : each.cost,
    wholeRun: each.wholeRun && each.limiter !== 'window',
  })),
)
const queue = fc.constantFrom('default', 'other')

const acts = fc.oneof(
  fc.record({ act: fc.constant('enqueue' as const), uses, queue, priority: fc.constantFrom(0, 0, 5) }),
  fc.record({ act: fc.constant('enqueue' as const), uses, queue, priority: fc.constant(0) }),
  fc.record({ act: fc.constant('claim' as const), which: index, max: fc.constantFrom(1, 2, 5) }),
  fc.record({ act: fc.constant('claim' as const), which: index, max: fc.constant(3) }),
  fc.record({
    act: fc.constant('settle' as const),
    which: index,
    kind: fc.constantFrom('completed', 'completed', 'failed', 'retrying', 'released', 'sleeps', 'blocked'),
  }),
  fc.record({ act: fc.constant('acquire' as const), which: index, uses }),
  fc.record({ act: fc.constant('end step' as const), which: index }),
  fc.record({ act: fc.constant('cancel' as const), which: index }),
  fc.record({ act: fc.constant('retry' as const), which: index }),
  fc.record({
    act: fc.constant('leave' as const),
    which: index,
    how: fc.constantFrom('resigns', 'vanishes'),
  }),
  fc.record({ act: fc.constant('queue' as const), queue, open: fc.boolean() }),
  fc.record({ act: fc.constant('by hand' as const), max: fc.constantFrom(3, 4, undefined) }),
  fc.record({ act: fc.constant('advance' as const), ms: fc.constantFrom(100, 700, 1_100, 6_000) }),
)
type Act = typeof acts extends fc.Arbitrary<infer A> ? A : never

/** Random histories of runs with limits of their jobs and of their steps, under losses and manual actions. */
export function describeLimitHistories({ name, open }: StoreKind): void {
  describe(`histories with limits: ${name}`, () => {
    test(
      `${numRuns} random ones: used equals held, nothing needs repair, all end`,
      () =>
        fc.assert(
          fc.asyncProperty(fc.array(acts, { maxLength: 120, size: 'max' }), async (history) => {
            const under = await open()
            try {
              const play = await History.begin(under)
              for (const act of history) await play.do(act)
              await play.end()
            } finally {
              await under.close()
            }
          }),
          { numRuns, endOnFailure: true },
        ),
      maxTestMs,
    )
  })
}

interface Known {
  readonly id: string
  readonly uses: readonly LimitUse[]
  /** Whether the job's limits were taken by a claim and not all given back. */
  taken: boolean
  stay?: { readonly worker: TestWorker; readonly run: ClaimedRun }
  readonly steps: Map<string, readonly LimitUse[]>
}

class History {
  readonly #under: StoreUnderTest
  readonly #store: Store
  readonly #workers: TestWorker[] = []
  readonly #runs: Known[] = []
  #paths = 0

  private constructor(under: StoreUnderTest) {
    this.#under = under
    this.#store = under.store
  }

  static async begin(under: StoreUnderTest): Promise<History> {
    const history = new History(under)
    for (let i = 0; i < workerCount; i++) history.#workers.push(await history.#register())
    return history
  }

  async do(act: Act): Promise<void> {
    await this.#carryOut(act)
    await this.#agree()
  }

  /** After any history everything can end, and then no limit is held and no run waits. */
  async end(): Promise<void> {
    for (const name of ['default', 'other']) await this.#store.resumeQueue(name, byHand())
    await this.#store.setLimiter('two', undefined, byHand())
    for (let round = 0; ; round++) {
      let left = 0
      for (const known of this.#runs) {
        const state = (await this.#store.run(known.id))?.state ?? 'completed'
        if (!isEnd(state)) left++
        if (state === 'blocked') await this.#store.cancel(known.id, byHand())
        if (known.stay !== undefined) await this.#settle(known, 'completed')
      }
      if (left === 0) break
      if (round === roundsToEnd) throw new Error(`${left} runs never end`)
      this.#under.advance(round < 20 ? 700 : 120_000)
      for (const worker of this.#workers) await worker.renew()
      for (const worker of this.#workers) await this.#claim(worker, 5)
      await this.#agree()
    }
    for (const name of held) {
      const keys = await this.#store.limiterKeys(name, 10)
      expect(keys.filter(({ used, waiting: line }) => used > 0 || line > 0)).toEqual([])
    }
  }

  #register(): Promise<TestWorker> {
    return TestWorker.register(this.#store, { limiters })
  }

  async #carryOut(act: Act): Promise<void> {
    const staying = this.#runs.filter(({ stay }) => stay !== undefined)
    switch (act.act) {
      case 'enqueue': {
        const run = newRun({ queue: act.queue, priority: act.priority, limits: act.uses })
        await this.#store.enqueue([run])
        this.#runs.push({ id: run.id, uses: act.uses, taken: false, steps: new Map() })
        return
      }
      case 'claim':
        return this.#claim(pick(this.#workers, act.which), act.max)
      case 'settle':
        return this.#settle(pick(staying, act.which), act.kind)
      case 'acquire':
        return this.#acquire(pick(staying, act.which), act.uses)
      case 'end step':
        return this.#endStep(pick(staying, act.which))
      case 'cancel':
      case 'retry':
        return this.#byHand(act.act, pick(this.#runs, act.which))
      case 'leave':
        return this.#leave(act.which % workerCount, act.how)
      case 'queue':
        if (act.open) await this.#store.resumeQueue(act.queue, byHand())
        else await this.#store.pauseQueue(act.queue, byHand())
        return
      case 'by hand':
        await this.#store.setLimiter('two', act.max === undefined ? undefined : { max: act.max }, byHand())
        return
      case 'advance':
        this.#under.advance(act.ms)
        for (const worker of this.#workers) await worker.renew()
    }
  }

  async #claim(worker: TestWorker | undefined, max: number): Promise<void> {
    if (worker === undefined) return
    const { runs } = await worker.claimReply(max)
    expect((await worker.claimReply(max, [], worker.n)).runs).toEqual(runs)
    for (const run of runs) {
      const known = this.#runs.find(({ id }) => id === run.id)
      if (known === undefined) continue
      known.stay = { worker, run }
      // A run that may only fail takes nothing, and retains its holds.
      if (run.failsAs === undefined) known.taken = true
    }
  }

  async #settle(known: Known | undefined, kind: string): Promise<void> {
    if (known?.stay === undefined) return
    const { worker, run } = known.stay
    delete known.stay
    if (kind === 'completed') await worker.settle(run, completed)
    else if (kind === 'failed') await worker.settle(run, { kind, error: plainError })
    else if (kind === 'retrying') await worker.settle(run, { kind, error: plainError, delayMs: 500 })
    else if (kind === 'blocked') await worker.settle(run, { kind, reason: 'why', digest: 'first' })
    else if (kind === 'released') await worker.settle(run, { kind })
    else {
      const path = `nap ${++this.#paths}`
      await worker.append(run, waiting(path, 900))
      const position = (await this.#store.run(run.id))?.position ?? 0
      await worker.settle(run, { kind: 'waiting', waits: [{ kind: 'time', path, position }] })
    }
    known.steps.clear()
  }

  /** A step that hits a closed limit releases the slot at once. */
  async #acquire(known: Known | undefined, wanted: readonly LimitUse[]): Promise<void> {
    if (known?.stay === undefined || wanted.length === 0) return
    // Two runs that keep a slot each and wait for the other's are their author's deadlock.
    if (known.uses.some(({ wholeRun }) => wholeRun)) return
    const { worker, run } = known.stay
    const path = `step ${++this.#paths}`
    const own = wanted.filter(
      ({ limiter, key }) =>
        !(
          known.taken &&
          known.uses.some((other) => other.limiter === limiter && other.key === key && held.includes(limiter))
        ),
    )
    const turn = { run: run.id, fence: run.fence, path, turn: 1, attempt: 1 }
    const request = { ...turn, uses: wanted.map((each) => ({ ...each, wholeRun: false })) }
    const answer = await worker.store.acquire(worker.lease, request)
    expect((await worker.store.acquire(worker.lease, request)).kind).toBe(answer.kind)
    if (answer.kind === 'granted') known.steps.set(path, own)
    if (answer.kind !== 'closed') return
    const settled = await worker.settle(run, { kind: 'waiting', waits: [{ kind: 'limit', path }] })
    if (settled.kind === 'continue') return
    delete known.stay
    known.steps.clear()
  }

  async #endStep(known: Known | undefined): Promise<void> {
    const path = known && [...known.steps.keys()][0]
    if (known?.stay === undefined || path === undefined) return
    const { worker, run } = known.stay
    await worker.send({ ...worker.checkpoint(run, done(path)), limited: true })
    known.steps.delete(path)
  }

  async #byHand(kind: 'cancel' | 'retry', known: Known | undefined): Promise<void> {
    if (known === undefined) return
    const state = (await this.#store.run(known.id))?.state
    if (kind === 'cancel') await this.#store.cancel(known.id, byHand())
    else if (state !== undefined && ['failed', 'cancelled', 'expired', 'blocked'].includes(state)) {
      await this.#store.retry(known.id, {}, byHand())
    }
  }

  async #leave(which: number, how: string): Promise<void> {
    const worker = this.#workers[which]
    const bodyLog = this.#workers[(which + 1) % workerCount]
    if (worker === undefined || bodyLog === undefined) return
    for (const known of this.#runs) {
      if (known.stay?.worker !== worker) continue
      delete known.stay
      known.steps.clear()
    }
    if (how === 'resigns') await this.#store.resign(worker.lease, [])
    else {
      for (let passed = 0; passed <= leaseMs; passed += leaseMs / 4) {
        this.#under.advance(leaseMs / 4)
        for (const other of this.#workers) if (other !== worker) await other.renew()
      }
      await bodyLog.claimReply(0)
    }
    this.#workers[which] = await this.#register()
  }

  async #agree(): Promise<void> {
    const expected = new Map<string, number>()
    for (const known of this.#runs) {
      const run = await this.#store.run(known.id)
      const stays = run?.state === 'running' || run?.state === 'cancelling'
      expect(stays, `${known.id} is held`).toBe(known.stay !== undefined)
      if (run === undefined || isEnd(run.state)) known.taken = false
      const ofJob = known.taken ? known.uses.filter(({ wholeRun }) => stays || wholeRun) : []
      const failing = known.stay?.run.failsAs !== undefined
      const now = failing ? ofJob.filter(({ wholeRun }) => wholeRun) : ofJob
      for (const { limiter, key, cost } of [...now, ...[...known.steps.values()].flat()]) {
        if (held.includes(limiter))
          expected.set(`${limiter} ${key}`, (expected.get(`${limiter} ${key}`) ?? 0) + cost)
      }
    }
    const used = new Map<string, number>()
    for (const name of held) {
      for (const { key, used: now } of await this.#store.limiterKeys(name, 10)) {
        if (now > 0) used.set(`${name} ${key}`, now)
      }
    }
    expect(Object.fromEntries(used)).toEqual(Object.fromEntries(expected))
    expect(await this.#store.sweep(1_000)).toEqual({ pruned: 0, repaired: [] })
  }
}

function pick<T>(items: readonly T[], choice: number): T | undefined {
  return items[choice % Math.max(1, items.length)]
}
