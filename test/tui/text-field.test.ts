import { expect, test } from 'vitest'
import { edited, emptyField, fieldOf, pasted, type TextField } from '../../tui/app/text-field.ts'

function after(field: TextField, ...names: readonly string[]): string {
  const end = names.reduce((now, name) => edited(now, { name }) ?? now, field)
  return `${end.text.slice(0, end.caret)}|${end.text.slice(end.caret)}`
}

test('text is inserted at the caret', () => {
  const typed = ['s', 't', 'é'].reduce((now, text) => edited(now, { name: text, text }) ?? now, emptyField)
  expect(typed).toEqual({ text: 'sté', caret: 3 })
  const left = edited(typed, { name: 'left' }) ?? typed
  expect(edited(left, { name: 'x', text: 'x' })).toEqual({ text: 'stxé', caret: 3 })
})

test.each([
  [['backspace'], 'state:faile|'],
  [['left', 'left', 'backspace'], 'state:fai|ed'],
  [['home', 'delete'], '|tate:failed'],
  [['ctrl-a', 'right', 'ctrl-k'], 's|'],
  [['ctrl-u'], '|'],
  [['home', 'backspace'], '|state:failed'],
  [['delete'], 'state:failed|'],
])('%j', (names, expected) => {
  expect(after(fieldOf('state:failed'), ...names)).toBe(expected)
})

test('ctrl-w deletes the word before the caret', () => {
  expect(after(fieldOf('state:failed job:pay '), 'ctrl-w')).toBe('state:failed |')
  expect(after(fieldOf('one'), 'ctrl-w')).toBe('|')
})

test('a grapheme is deleted or skipped as a whole', () => {
  expect(after(fieldOf('a👩‍🔧'), 'backspace')).toBe('a|')
  expect(after(fieldOf('e\u0301'), 'left')).toBe('|e\u0301')
})

test('a key without a meaning in a text field changes nothing', () => {
  expect(edited(fieldOf('x'), { name: 'tab' })).toBeUndefined()
})

test('pasted text is one line without control characters', () => {
  expect(pasted(fieldOf('job:'), 'pay\r\nstate:failed\x1b[31m').text).toBe('job:pay state:failed [31m')
})
