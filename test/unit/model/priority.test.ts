import { expect, test } from 'vitest'
import { parsePriority } from '../../../runtime/model/priority.ts'
import { InvalidOptionsError } from '../../../sdk/index.ts'

test.each([-1_000, 0, 10, 1_000])('a priority of %i is accepted', (priority) => {
  expect(parsePriority(priority, 'priority')).toBe(priority)
})

test.each([
  ['below -1000', -1_001],
  ['above 1000', 1_001],
  ['a fraction', 0.5],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['a text', '5'],
  ['null', null],
])('a priority that is %s is refused by the name of its option', (_name, priority) => {
  expect(() => parsePriority(priority, 'enqueue: priority')).toThrow(InvalidOptionsError)
  expect(() => parsePriority(priority, 'enqueue: priority')).toThrow(/^enqueue: priority: .* -1000 to 1000/)
})
