import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ScreenName, screenNames } from '../../../tui/app/place.ts'
import { type Binding, bindingsOf, keymap } from '../../../tui/keymap.ts'
import { bothStores } from '../../support/stores/both-stores.ts'
import { type Pressed, rests } from './key-case.ts'
import { keyCases, placeInOrder } from './key-cases.ts'
import { openShop, type Shop } from './shop.ts'
import { shopScreens } from './shop-screens.ts'
import { Stage } from './stage.ts'

/*
 * Every key of the keymap in a terminal of 80x24; what the screen shows then is checked against what the Inspector tells of
 * the store. On the screens of `whole` each key that they have is pressed; on the others each command that is about their
 * list, by its first key. `npm run prove -- keys` presses each key on each screen.
 */
const whole: readonly ScreenName[] =
  process.env.DURABLE_JOBS_PROVE_KEYS === undefined ? ['runs'] : screenNames

/** Text that is the same on every screen. */
function isAlikeEverywhere({ command, group, screens }: Binding): boolean {
  if (screens !== undefined || group === 'move') return false
  return !['open', 'back', 'jump', 'copy', 'quit at once'].includes(command)
}

function pressesOn(screen: ScreenName): readonly { readonly binding: Binding; readonly key: string }[] {
  const all = bindingsOf(screen).toSorted((a, b) => placeInOrder(a.command) - placeInOrder(b.command))
  if (whole.includes(screen)) {
    return all.flatMap((binding) => binding.keys.map((key) => ({ binding, key })))
  }
  return all
    .filter((binding) => !isAlikeEverywhere(binding))
    .flatMap((binding) => binding.keys.slice(0, 1).map((key) => ({ binding, key })))
}

test('each key of the keymap is pressed', () => {
  const pressed = new Set(screenNames.flatMap((screen) => pressesOn(screen).map(({ key }) => key)))
  expect([...pressed].sort()).toEqual([...new Set(keymap.flatMap(({ keys }) => keys))].sort())
})

test('the commands of the keymap and the cases match', () => {
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
    for (const { binding, key } of pressesOn(screen)) {
      const pressed: Pressed = { stage, shop, screen, about, binding, key, rows }
      try {
        if (placeInOrder(binding.command) < 1) await rests(pressed)
        await keyCases[binding.command]?.(pressed)
      } catch (cause) {
        throw new Error(`${key} (${binding.command}) on ${screen}: ${String(cause)}`, { cause })
      }
    }
    // Read-only: nothing was done to the store.
    expect(await newestOperation()).toBe(before)
  })
})
