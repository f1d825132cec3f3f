import { expect } from 'vitest'
import { type KeyCase, rests } from './key-case.ts'

const quit: KeyCase = async (pressed) => {
  const { stage, key, screen } = pressed
  await stage.press(key)
  if (screen === 'run' || screen === 'step') {
    await stage.shows(/\[1 Home[\s\S]*needs attention/)
    await stage.press('-')
  } else {
    await stage.shows(({ message }) => message.includes('q again quits; any other key continues'))
    await stage.press('g')
    await stage.shows(({ message }) => !message.includes('q again quits'))
  }
  await rests(pressed)
}

const suspend: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  await stage.press(key)
  await stage.shows('Stopped')
  await stage.type('fg')
  await stage.press('enter')
  await rests(pressed)
}

/** Foreign output on the screen is erased. */
const repaint: KeyCase = async (pressed) => {
  const { stage, key } = pressed
  // At the end of the line with the screens: the program itself has no reason to repaint that.
  await stage.terminal.scribble('\u001b7\u001b[2;76H@@@@\u001b8')
  await stage.shows('@@@@')
  await stage.press(key)
  await stage.shows((frame) => !frame.text.includes('@@@@'))
  await rests(pressed)
}

const quitAtOnce: KeyCase = async ({ stage, key }) => {
  await stage.press(key)
  const { code, before, after } = await stage.terminal.ended()
  expect({ code, modes: after }).toEqual({ code: 0, modes: before })
}

export const programCases: Readonly<Record<string, KeyCase>> = {
  quit,
  suspend,
  repaint,
  'quit at once': quitAtOnce,
}
