import { describe, expect, test } from 'vitest'
import { commandNames } from '../../tui/app/commands.ts'
import { screenNames } from '../../tui/app/place.ts'
import { bindingOf, bindingsOf, keymap } from '../../tui/keymap.ts'
import { screens } from '../../tui/screens/screens.ts'

describe.each(screenNames)('on the screen %s', (screen) => {
  test('no key has two meanings', () => {
    const keys = bindingsOf(screen).flatMap((binding) => binding.keys)
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([])
  })

  test('no command has two lines', () => {
    const commands = bindingsOf(screen).map(({ command }) => command)
    expect(commands.filter((command, i) => commands.indexOf(command) !== i)).toEqual([])
  })
})

test('a key means the same on every screen that has it', () => {
  const meanings = new Map<string, Set<string>>()
  for (const { keys, command } of keymap) {
    for (const key of keys) meanings.set(key, (meanings.get(key) ?? new Set()).add(command))
  }
  expect([...meanings].filter(([, commands]) => commands.size > 1)).toEqual([])
})

test.each([
  ['ctrl-r', 'reload'],
  ['F', 'freeze'],
  ['space', 'mark'],
  ['g', 'top'],
  ['G', 'bottom'],
  ['j', 'down'],
  ['down', 'down'],
  ['k', 'up'],
  ['esc', 'back'],
  ['q', 'quit'],
  ['/', 'filter'],
  [':', 'command line'],
  ['ctrl-p', 'palette'],
  ['?', 'help'],
  ['[', 'history back'],
  [']', 'history forward'],
  ['-', 'toggle'],
])('%s is %s', (key, command) => {
  expect(bindingOf('runs', key)?.command).toBe(command)
})

test('the digits are the screens, in their order', () => {
  const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((digit) => bindingOf('home', String(digit))?.command)
  expect(digits).toEqual(screenNames.slice(0, 9).map((name) => `go ${name}`))
})

test('every command that does not change the store belongs to the app or a screen', () => {
  const toggles = Object.values(screens).flatMap((screen) => Object.keys(screen.toggles ?? {}))
  const known = new Set([...commandNames, ...toggles])
  const harmless = keymap.filter(({ tier }) => tier === undefined)
  expect(harmless.filter(({ command }) => !known.has(command))).toEqual([])
})

test('ctrl-c belongs to the app on every screen', () => {
  expect(screenNames.map((screen) => bindingOf(screen, 'ctrl-c')?.command)).toEqual(
    screenNames.map(() => 'quit at once'),
  )
})
