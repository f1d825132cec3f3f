import type { Jobs } from '../../../runtime/client/client.ts'
import type { Dice } from '../dice.ts'
import type { Orders } from '../shop/orders.ts'
import type { PastRelease } from './past-code.ts'
import type { PastFleet } from './past-fleet.ts'
import type { Timeline } from './timeline.ts'

/** The context of the chapters of the past. */
export interface PastShop {
  readonly timeline: Timeline
  readonly jobs: Jobs
  readonly fleet: PastFleet
  readonly orders: Orders
  readonly dice: Dice
  readonly releases: Readonly<Record<'first' | 'old' | 'new', PastRelease>>
}
