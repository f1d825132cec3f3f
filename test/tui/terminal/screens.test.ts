import { afterAll, beforeAll, describe, test } from 'vitest'
import { screenNames } from '../../../tui/app/place.ts'
import type { Size } from '../../../tui/screens/screen.ts'
import { bothStores } from '../../support/stores/both-stores.ts'
import { openShop, type Shop } from './shop.ts'
import { shopScreens } from './shop-screens.ts'
import { Stage } from './stage.ts'

/** By default the smallest one; the others by `npm run prove -- keys`. */
const sizesSeen = process.env.DURABLE_JOBS_PROVE_KEYS === undefined ? 1 : 3
const sizes: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 30 },
  { columns: 160, rows: 45 },
]

describe.each(bothStores)('%s', (_, storeOptions) => {
  const closing: (() => void)[] = []
  let shop: Shop

  beforeAll(async () => {
    shop = await openShop(storeOptions, (close) => closing.push(close))
  })
  afterAll(() => {
    for (const close of closing) close()
  })

  test.each(sizes.slice(0, sizesSeen))(
    'each screen shows the data of the store, at $columns x $rows',
    async (size) => {
      const stage = await Stage.open(shop.address, { size })
      for (const name of screenNames) {
        const about = shopScreens[name]
        await stage.go(about.place(shop))
        await stage.shows([about.shown(shop), ...(await about.facts(shop))])
      }
    },
  )
})
