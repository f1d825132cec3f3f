import type { ScreenName } from '../../../tui/app/place.ts'
import type { Binding } from '../../../tui/keymap.ts'
import type { Frame } from './frame.ts'
import type { Shop } from './shop.ts'
import type { ShopScreen } from './shop-screens.ts'
import type { Stage, Wanted } from './stage.ts'

/*
 * What a command of the keymap does to the screen of a terminal: one case per command.
 * KC1  A case gets a screen at rest, with the cursor on its first row, and leaves it so.
 * KC2  A key that does nothing on a screen shows that by what the next key finds: no case waits for a time.
 * KC3  Messages stay for a while, and esc closes them before anything else: only the case of `back` presses it while browsing.
 */

export interface Pressed {
  readonly stage: Stage
  readonly shop: Shop
  readonly screen: ScreenName
  readonly about: ShopScreen
  readonly binding: Binding
  readonly key: string
  /** A part of each row, in the order of the list. */
  readonly rows: readonly string[]
}

export type KeyCase = (pressed: Pressed) => Promise<void>

/** Waits until keys are for the screen again, with the cursor on its first row. */
export async function rests({ stage, about, shop, rows: [first = ''] }: Pressed): Promise<Frame> {
  const shown = about.shown(shop)
  return stage.shows(
    (frame) => frame.isBrowsing && shown.test(frame.text) && frame.cursor?.includes(first) === true,
  )
}

/** The key changes nothing: the next one finds the screen unchanged. */
export async function nothing(pressed: Pressed): Promise<void> {
  const { stage, key } = pressed
  await stage.press(key)
  await stage.press('L')
  await stage.shows('actions of this session')
  await stage.press('L')
  await rests(pressed)
}

/** The key shows something, and other keys revert it; undefined: on this screen the key does nothing. */
export function showing(
  wanted: (pressed: Pressed) => Wanted | undefined,
  ...undo: readonly string[]
): KeyCase {
  return async (pressed) => {
    const { stage, key } = pressed
    const shown = wanted(pressed)
    if (shown === undefined) return nothing(pressed)
    await stage.press(key)
    await stage.shows(shown)
    await stage.press(...undo)
    await rests(pressed)
  }
}

/** The key only leaves a message. */
export function saying(text: (pressed: Pressed) => string): KeyCase {
  return async (pressed) => {
    const { stage, key } = pressed
    await stage.press(key)
    await stage.shows(({ message }) => message.includes(text(pressed)))
    await rests(pressed)
  }
}
