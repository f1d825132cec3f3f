import type { Jobs } from '../../runtime/client/client.ts'
import type { CancelTimer, Clock } from '../../runtime/model/clock.ts'
import type { Crew, Member } from './crew.ts'
import type { Part } from './crew-messages.ts'
import type { Dice } from './dice.ts'
import { nextWorker, presentWorkers } from './past/chapters.ts'
import type { Orders } from './shop/orders.ts'
import type { Marks } from './shop/plot.ts'
import { plots } from './shop/plots.ts'
import { newRelease, oldRelease } from './shop/releases.ts'
import { type ShopJob, shopJobs } from './shop/shop-jobs.ts'
import { type Arrival, nextArrivals } from './shop/traffic.ts'

interface PresentDeps {
  readonly jobs: Jobs
  readonly crew: Crew
  readonly clock: Clock
  readonly dice: Dice
  readonly orders: Orders
  readonly marks: Marks
  readonly url: string
}

/** Between two runs that are enqueued, on average. */
const meanGapMs = 3_000
const deployEndsAfterMs = 90_000
/** Of what web servers enqueue while the deploy lasts. */
const oldShare = 0.3
const firstKillMs = 12_000
const killGapMs = [40_000, 75_000] as const
/** A worker that joins lets blocked runs of its jobs try its code: the old one would free those that the new one blocked. */
const notOnOldWorkers = [plots.payOut.name]
/** What a platform needs to see that a worker is gone and to start another one. */
const replaceAfterMs = 4_000

/** The shop from the demo's begin on: traffic, a deploy that ends, and workers that are killed now and then. */
export class Present {
  readonly #deps: PresentDeps
  readonly #jobsOf: Readonly<Record<'old' | 'new', ReadonlyMap<string, ShopJob>>>
  readonly #members = new Set<Member>()
  readonly #timers = new Set<CancelTimer>()
  #nextWorker = nextWorker
  #deploying = true
  #stopped = false

  constructor(deps: PresentDeps) {
    const { clock, dice, marks } = deps
    this.#deps = deps
    this.#jobsOf = {
      old: shopJobs({ release: oldRelease, marks, clock, dice }),
      new: shopJobs({ release: newRelease, marks, clock, dice }),
    }
  }

  static readonly workers: number = presentWorkers.old.length + presentWorkers.new.length

  /** Resolves when all workers work. */
  async begin(): Promise<void> {
    const { old, new: fresh } = presentWorkers
    await Promise.all([
      ...old.map((name) => this.#work(name, oldRelease)),
      ...fresh.map((name) => this.#work(name, newRelease)),
    ])
    const { dice } = this.#deps
    this.#after(dice.gap(meanGapMs), () => this.#keepEnqueuing())
    this.#after(firstKillMs, () => this.#keepKilling())
    this.#after(deployEndsAfterMs, () => this.#endDeploy())
  }

  /** Nothing happens any more. The processes are the crew's. */
  stop(): void {
    this.#stopped = true
    for (const cancel of this.#timers) cancel()
    this.#timers.clear()
  }

  async #work(name: string, release: number): Promise<void> {
    const { crew, dice, url, marks } = this.#deps
    const without = release === oldRelease ? notOnOldWorkers : []
    const part: Part = { url, name, release, without, marks, seed: dice.between(1, 1e9) }
    const member = await crew.begin(part)
    this.#members.add(member)
    void member.ended.then(() => this.#replace(member))
  }

  /** Whatever ended it: an operator's drain, the deploy, or a kill. */
  #replace(member: Member): void {
    this.#members.delete(member)
    this.#after(replaceAfterMs, () => this.#work(`shop-${this.#nextWorker++}`, newRelease))
  }

  async #keepEnqueuing(): Promise<void> {
    const { clock, dice, orders } = this.#deps
    this.#after(dice.gap(meanGapMs), () => this.#keepEnqueuing())
    for (const arrival of nextArrivals({ orders, dice, now: clock.now() }, 1, 1)) await this.#enqueue(arrival)
  }

  async #enqueue({ plot, input, tags, headers, delayMs, expiresInMs }: Arrival): Promise<void> {
    const { jobs, dice } = this.#deps
    const job = this.#jobsOf[this.#deploying && dice.chance(oldShare) ? 'old' : 'new'].get(plot.name)
    if (job === undefined) return
    await jobs.enqueue(job, input, {
      ...{ tags, headers },
      ...(delayMs === undefined ? {} : { delay: delayMs }),
      ...(expiresInMs === undefined ? {} : { expiresIn: expiresInMs }),
    })
  }

  /** Kills a worker of the new release, one that holds runs if there is one: another one takes them over. */
  async #keepKilling(): Promise<void> {
    const { jobs, crew, dice } = this.#deps
    this.#after(dice.between(...killGapMs), () => this.#keepKilling())
    const busy = new Set(
      (await jobs.inspector.workers()).filter(({ running }) => running > 0).map(({ name }) => name),
    )
    const members = [...this.#members].filter(({ release }) => release === newRelease)
    const [first, ...others] = members.some(({ name }) => busy.has(name))
      ? members.filter(({ name }) => busy.has(name))
      : members
    // The last one is left to take over.
    if (first !== undefined && this.#members.size > 1) crew.kill(dice.pick([first, ...others]))
  }

  async #endDeploy(): Promise<void> {
    this.#deploying = false
    for (const { name, release } of this.#members) {
      if (release !== oldRelease) continue
      await this.#deps.jobs.drainWorker(name, { by: 'deploy-bot', reason: `release ${newRelease}` })
    }
  }

  /** A call that fails, as on a store that is busy for long, leaves out one event of the demo and no more. */
  #after(ms: number, happen: () => Promise<void>): void {
    if (this.#stopped) return
    const cancel = this.#deps.clock.after(ms, () => {
      this.#timers.delete(cancel)
      happen().catch(() => undefined)
    })
    this.#timers.add(cancel)
  }
}
