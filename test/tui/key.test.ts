import { describe, expect, test } from 'vitest'
import { keysOf, type TerminalKey } from '../../tui/app/key.ts'

const plain: TerminalKey = {
  ...{ upArrow: false, downArrow: false, leftArrow: false, rightArrow: false },
  ...{ pageDown: false, pageUp: false, home: false, end: false, return: false, escape: false },
  ...{ ctrl: false, shift: false, tab: false, backspace: false, delete: false, meta: false },
}

function names(input: string, key: Partial<TerminalKey> = {}): readonly string[] {
  return keysOf(input, { ...plain, ...key }).map(({ name }) => name)
}

describe('one read yields every key that was pressed', () => {
  test.each([
    ['jjj', ['j', 'j', 'j']],
    ['/a b', ['/', 'a', 'space', 'b']],
    ['j\r', ['j', 'enter']],
    ['\r\n', ['enter']],
    ['a\tb', ['a', 'tab', 'b']],
    ['\x04j', ['ctrl-d', 'j']],
    ['e\u0301x', ['e\u0301', 'x']],
    ['👩‍🔧q', ['👩‍🔧', 'q']],
  ])('%j', (input, expected) => {
    expect(names(input)).toEqual(expected)
  })

  test('a key with a name', () => {
    expect(names('', { upArrow: true })).toEqual(['up'])
    expect(names('', { return: true })).toEqual(['enter'])
    expect(names('', { tab: true, shift: true })).toEqual(['shift-tab'])
    expect(names('', { escape: true })).toEqual(['esc'])
    expect(names('r', { ctrl: true })).toEqual(['ctrl-r'])
  })

  test('esc right before a key is two keys', () => {
    expect(names('j', { meta: true })).toEqual(['esc', 'j'])
    expect(names('', { meta: true, downArrow: true })).toEqual(['esc', 'down'])
  })

  test('esc twice in one read is an esc', () => {
    expect(names('', { escape: true, meta: true })).toEqual(['esc'])
  })
})

test('a printable key has the text that it inserts into a field', () => {
  expect(keysOf(' é', plain)).toEqual([
    { name: 'space', text: ' ' },
    { name: 'é', text: 'é' },
  ])
  expect(keysOf('\x01', plain)).toEqual([{ name: 'ctrl-a' }])
})
