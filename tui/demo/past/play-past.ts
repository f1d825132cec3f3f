import { type Clock, systemClock } from '../../../runtime/model/clock.ts'
import { Dice } from '../dice.ts'
import { Orders } from '../shop/orders.ts'
import type { Marks } from '../shop/plot.ts'
import { firstRelease, newRelease, oldRelease } from '../shop/releases.ts'
import { nextArrivals } from '../shop/traffic.ts'
import { chapters } from './chapters.ts'
import { meanGapMs } from './pace.ts'
import { pastRelease } from './past-code.ts'
import { PastFleet } from './past-fleet.ts'
import type { PastShop } from './past-shop.ts'
import { openPastStore } from './past-store.ts'

const minute = 60_000
const pastMs = 24 * 60 * minute
/** Of the tick that is missed. */
const missedAgoMinutes = 12
const firstOrder = 104_200
const breathEveryMs = 30

export interface PastPlan {
  readonly url: string
  /** When the past ends, in ms since the epoch. */
  readonly end: number
  readonly seed: number
}

/** What the present needs to know of the past. */
export interface PastEnd {
  readonly marks: Marks
  /** The number of the last order. */
  readonly lastOrder: number
}

/** The minute of the missed tick, and how long it is ago. */
function marksOf(end: number): Marks & { readonly reportTick: number } {
  const tick = Math.floor((end - missedAgoMinutes * minute) / minute) * minute
  return { reportMinute: (tick / minute) % 60, reportTick: (end - tick) / minute }
}

/**
 * Plays the shop's day before `end` into a new store, by the operations that its processes and operators would have used.
 * Afterwards no process is there, and nothing of the store is open.
 */
export async function playPast({ url, end, seed }: PastPlan): Promise<PastEnd> {
  const dice = new Dice(seed)
  const { reportTick, ...marks } = marksOf(end)
  const past = await openPastStore(url, end - pastMs)
  const { timeline, store, jobs } = past
  try {
    const [first, old, fresh] = await Promise.all(
      [firstRelease, oldRelease, newRelease].map((release) => pastRelease(release, marks, url)),
    )
    if (first === undefined || old === undefined || fresh === undefined)
      throw new Error('a release is missing')
    const fleet = new PastFleet({ past, dice, end }, first)
    const orders = new Orders(dice, firstOrder)
    const shop = { timeline, jobs, fleet, orders, dice, releases: { first, old, new: fresh } }
    for (const name of ['shop-1', 'shop-2', 'shop-3']) await fleet.join(name, first)
    for (const { ago, happen } of chapters(reportTick)) {
      timeline.at(end - ago * minute, async () => {
        // In time for the leases that the chapter speaks of.
        await fleet.look()
        await happen(shop)
      })
    }
    timeline.at(timeline.now, () => keepEnqueuing(shop))
    await timeline.playUntil(end, breath(systemClock))
    await fleet.leaveAll()
    return { marks, lastOrder: orders.last }
  } finally {
    await store.close()
  }
}

/** Lets the rest of the process have its turn now and then: the store's calls alone never would. */
function breath(clock: Clock): () => Promise<void> | undefined {
  let last = clock.elapsed()
  return () => {
    if (clock.elapsed() - last < breathEveryMs) return undefined
    return new Promise((resolve) => {
      clock.soon(() => {
        last = clock.elapsed()
        resolve()
      })
    })
  }
}

/** The ordinary traffic: some runs now, and the next ones after a while. */
async function keepEnqueuing(shop: PastShop): Promise<void> {
  const { timeline, fleet, orders, dice } = shop
  const { waveMs, kinds } = fleet.pace
  const meanMs = meanGapMs(fleet.agoMinutes)
  const count = waveMs === undefined ? 1 : Math.round((waveMs / meanMs) * (0.8 + dice.next() * 0.4))
  if (count > 0) await fleet.enqueue(nextArrivals({ orders, dice, now: timeline.now }, count, kinds))
  timeline.at(timeline.now + (waveMs ?? dice.gap(meanMs)), () => keepEnqueuing(shop))
}
