import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { screenNames } from '../../../tui/app/place.ts'
import { bindingsOf, keymap } from '../../../tui/keymap.ts'
import { bothStores } from '../../unit/both-stores.ts'
import { type Pressed, rests } from './key-case.ts'
import { keyCases, placeInOrder } from './key-cases.ts'
import { openShop, type Shop } from './shop.ts'
import { shopScreens } from './shop-screens.ts'
import { Stage } from './stage.ts'

/*
 * Every key of the keymap, pressed on every screen that has it, in a terminal of 80x24: what the screen shows then is
 * checked against what the Inspector tells of the store.
 */

test('each command of the keymap has a case, and no case is left over', () => {
  expect(Object.keys(keyCases).sort()).toEqual([...new Set(keymap.map(({ command }) => command))].sort())
})

describe('on a store in a file', () => {
  const closing: (() => void)[] = []
  let shop: Shop
  let before: string

  beforeAll(async () => {
    const [embedded] = bothStores
    if (embedded === undefined) throw new Error('there is no store')
    shop = await openShop(embedded[1], (close) => closing.push(close))
    before = await newestOperation()
  })
  afterAll(() => {
    for (const close of closing) close()
  })

  async function newestOperation(): Promise<string> {
    const { events } = await shop.jobs.inspector.events({ log: 'operations', limit: 1 })
    return events[0]?.cursor ?? ''
  }

  test.each(screenNames)('each key of the screen %s', async (screen) => {
    const about = shopScreens[screen]
    const stage = await Stage.open(shop.address)
    await stage.go(about.place(shop))
    await stage.shows(await about.facts(shop))
    await stage.press('g')
    const rows = await about.rows(shop)
    const bindings = bindingsOf(screen).toSorted((a, b) => placeInOrder(a.command) - placeInOrder(b.command))
    for (const binding of bindings) {
      for (const key of binding.keys) {
        const pressed: Pressed = { stage, shop, screen, about, binding, key, rows }
        if (placeInOrder(binding.command) < 1) await rests(pressed)
        await keyCases[binding.command]?.(pressed).catch((cause: unknown) => {
          throw new Error(`${key} (${binding.command}) on ${screen}: ${String(cause)}`, { cause })
        })
      }
    }
    // Read-only: nothing was done to the store.
    expect(await newestOperation()).toBe(before)
  })
})
