import { type ScreenName, screenNames } from '../../../tui/app/place.ts'
import { type KeyCase, nothing, type Pressed, rests, saying, showing } from './key-case.ts'
import { shopScreens } from './shop-screens.ts'

const details: readonly ScreenName[] = ['run', 'step']

/** A screen other than the tested one: its digit, and text that only it has. */
function another({ screen }: Pressed): { readonly digit: string; readonly shown: RegExp } {
  return screen === 'doctor' ? { digit: '3', shown: /\[3 / } : { digit: '9', shown: /\[9 / }
}

/** On a screen of the digits esc is no way out; the second press closes the message that says so. */
const back: KeyCase = async (pressed) => {
  const { stage, key, screen } = pressed
  await stage.press(key)
  if (details.includes(screen)) {
    await stage.shows(/\[1 Home[\s\S]*needs attention/)
    await stage.press('-')
  } else {
    await stage.shows(({ message }) => message.includes('this is the root: q quits, 1-9 open screens'))
    await stage.press(key)
    await stage.shows(({ message }) => !message.includes('this is the root'))
  }
  await rests(pressed)
}

const open: KeyCase = async (pressed) => {
  const { stage, key, about, shop, rows } = pressed
  if (about.opens === undefined) return nothing(pressed)
  const { row, shown } = about.opens
  await stage.press(...Array.from({ length: row }, () => 'j'))
  await stage.cursorOn(rows[row] ?? '')
  await stage.press(key)
  await stage.shows(shown(shop))
  await stage.press('-')
  await stage.cursorOn(rows[row] ?? '')
  await stage.press('g')
  await rests(pressed)
}

/** Several connections are offered in a list; a single one is opened at once. */
const jump: KeyCase = async (pressed) => {
  const { stage, key, about } = pressed
  if (about.jumps === undefined) return saying(() => 'nothing related to this row is known')(pressed)
  await stage.press(key)
  const frame = await stage.shows(about.jumps)
  await stage.press(frame.isBrowsing ? '-' : 'esc')
  await rests(pressed)
}

function goTo(name: ScreenName): KeyCase {
  return async (pressed) => {
    if (pressed.screen === name) return nothing(pressed)
    return showing(({ shop }) => shopScreens[name].shown(shop), '-')(pressed)
  }
}

const historyBack: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  const { digit, shown } = another(pressed)
  await stage.press(digit)
  await stage.shows(shown)
  await stage.press(key)
  await rests(pressed)
}

const historyForward: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  const { digit, shown } = another(pressed)
  await stage.press(digit)
  await stage.shows(shown)
  await stage.press('[')
  await rests(pressed)
  await stage.press(key)
  await stage.shows(shown)
  await stage.press('-')
  await rests(pressed)
}

const commandLine: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  const { shown } = another(pressed)
  await stage.press(key)
  await stage.shows(({ message }) => message.startsWith(':'))
  await stage.type(pressed.screen === 'doctor' ? 'queues' : 'doctor')
  await stage.press('enter')
  await stage.shows(shown)
  await stage.press('-')
  await rests(pressed)
}

/** Finds another command by a word of its help, and runs it. */
const palette: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  await stage.press(key)
  await stage.shows(/── commands /)
  await stage.type('this session')
  await stage.shows(/▸ L +log/)
  await stage.press('enter')
  await stage.shows('actions of this session')
  await stage.press('L')
  await rests(pressed)
}

export const goCases: Readonly<Record<string, KeyCase>> = {
  back,
  open,
  jump,
  ...Object.fromEntries(screenNames.slice(0, 9).map((name) => [`go ${name}`, goTo(name)])),
  'history back': historyBack,
  'history forward': historyForward,
  toggle: historyBack,
  'command line': commandLine,
  palette,
}
