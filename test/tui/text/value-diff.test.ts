import { describe, expect, test } from 'vitest'
import { valueDiff } from '../../../tui/text/value-diff.ts'

const signs = { same: ' ', removed: '-', added: '+' } as const
const diff = (before: unknown, after: unknown): string[] =>
  valueDiff(before, after).map(({ change, depth, text }) => `${signs[change]} ${'  '.repeat(depth)}${text}`)

describe('the difference between two values', () => {
  test('is listed field by field, with equal fields on one line', () => {
    const before = { id: 7, to: { city: 'Bonn', zip: 1 }, tags: ['a'], old: true }
    const after = { id: 7, to: { city: 'Köln', zip: 1 }, tags: ['a'], fresh: { x: 1 } }
    expect(diff(before, after)).toEqual([
      '  {4}',
      '    id: 7',
      '    to: {2}',
      '-     city: "Bonn"',
      '+     city: "Köln"',
      '      zip: 1',
      '    tags: [ "a" ]',
      '-   old: true',
      '+   fresh: {1}',
      '+     x: 1',
    ])
  })

  test('of a list aligns the equal items at its start and its end', () => {
    expect(diff([1, 2, 3, 9], [1, 5, 6, 7, 9])).toEqual([
      '  [5]',
      '    0: 1',
      '-   1: 2',
      '+   1: 5',
      '-   2: 3',
      '+   2: 6',
      '+   3: 7',
      '    4: 9',
    ])
    expect(diff([1, 2], [2])).toEqual(['  [1]', '-   0: 1', '    0: 2'])
  })

  test('of two kinds is a removal and an addition', () => {
    expect(diff({ a: 1 }, [1])).toEqual(['- {1}', '-   a: 1', '+ [1]', '+   0: 1'])
    expect(diff('a', 'b')).toEqual(['- "a"', '+ "b"'])
    expect(diff(1, 1n)).toEqual(['- 1', '+ 1n'])
  })

  test('compares maps by key', () => {
    expect(diff(new Map([['a', 1]]), new Map([['a', 2]]))).toEqual([
      '  Map(1)',
      '-   "a" => 1',
      '+   "a" => 2',
    ])
  })

  test('is one line if nothing changed', () => {
    expect(diff({ a: [1] }, { a: [1] })).toEqual(['  { a: [ 1 ] }'])
  })
})
