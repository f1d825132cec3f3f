import { type KeyCase, nothing, type Pressed, rests } from './key-case.ts'

/** Goes to a row by other keys, then by the tested key to the row in the store's order. */
function moving(
  before: readonly string[],
  from: (pressed: Pressed) => number,
  to: (pressed: Pressed) => number,
): KeyCase {
  return async (pressed) => {
    const { stage, key, rows } = pressed
    if (from(pressed) === to(pressed)) return nothing(pressed)
    await stage.press(...before)
    await stage.cursorOn(rows[from(pressed)] ?? '')
    await stage.press(key)
    await stage.cursorOn(rows[to(pressed)] ?? '')
    await stage.press('g')
    await rests(pressed)
  }
}

const first = (): number => 0
const last = ({ rows }: Pressed): number => rows.length - 1
const half = ({ about }: Pressed): number => Math.max(1, Math.floor(about.height / 2))
const down =
  (by: (pressed: Pressed) => number) =>
  (pressed: Pressed): number =>
    Math.min(last(pressed), by(pressed))
const up =
  (by: (pressed: Pressed) => number) =>
  (pressed: Pressed): number =>
    Math.max(0, last(pressed) - by(pressed))
const one = (): number => 1
const page = ({ about }: Pressed): number => about.height

/** From pane to pane, until it is the first one again. */
function turning(inTurn: (others: readonly RegExp[]) => readonly RegExp[]): KeyCase {
  return async (pressed) => {
    const { stage, key, about } = pressed
    if (about.others === undefined) return nothing(pressed)
    for (const title of inTurn(about.others)) {
      await stage.press(key)
      await stage.shows(title)
    }
    await stage.press(key)
    await rests(pressed)
  }
}

export const moveCases: Readonly<Record<string, KeyCase>> = {
  down: moving([], first, down(one)),
  up: moving(['G'], last, up(one)),
  top: moving(['G'], last, first),
  bottom: moving([], first, last),
  'half page down': moving([], first, down(half)),
  'half page up': moving(['G'], last, up(half)),
  'page down': moving([], first, down(page)),
  'page up': moving(['G'], last, up(page)),
  'next pane': turning((others) => others),
  'previous pane': turning((others) => others.toReversed()),
}
