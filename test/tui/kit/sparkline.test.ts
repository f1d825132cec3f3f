import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textWidth } from '../../../runtime/cli/plain-text.ts'
import { type SparklineForm, sparkline } from '../../../tui/kit/sparkline.ts'

const draw = (
  values: readonly (number | undefined)[],
  form: SparklineForm,
  width: number,
  height = 1,
): string[] => sparkline(values, { width, height, form })

describe('a chart', () => {
  test('in braille has two values per cell', () => {
    expect(draw([0, 1, 2, 3, 4, 4], 'braille', 3)).toEqual(['⣠⣶⣿'])
  })

  test('in blocks has eight levels', () => {
    expect(draw([0, 1, 2, 3, 4, 5, 6, 7], 'block', 8)).toEqual(['▁▂▃▄▅▆▇█'])
  })

  test('in ASCII has four', () => {
    expect(draw([0, 1, 2, 3], 'ascii', 4)).toEqual(['_.:|'])
  })

  test('of several lines is filled from the bottom', () => {
    expect(draw([0, 7, 15], 'block', 3, 2)).toEqual(['  █', '▁██'])
    expect(draw([0, 3, 7], 'ascii', 3, 2)).toEqual(['  |', '_||'])
    expect(draw([15, 15, 0, 0], 'braille', 2, 4)).toEqual(['⣿ ', '⣿ ', '⣿ ', '⣿⣀'])
  })
})

describe('its scale', () => {
  test('ends at the largest value, or at a configured one', () => {
    expect(draw([50, 100], 'block', 2)).toEqual(['▅█'])
    expect(sparkline([50, 100], { width: 2, height: 1, form: 'block', max: 200 })).toEqual(['▃▅'])
    expect(sparkline([500], { width: 1, height: 1, form: 'block', max: 200 })).toEqual(['█'])
  })

  test('shows a small value as more than zero', () => {
    expect(draw([0, 1, 1_000_000], 'block', 3)).toEqual(['▁▂█'])
  })

  test('is a line at the bottom when all is zero', () => {
    expect(draw([0, 0, 0, 0], 'braille', 2)).toEqual(['⣀⣀'])
    expect(draw([0, 0], 'block', 2, 2)).toEqual(['  ', '▁▁'])
  })
})

describe('its columns', () => {
  test('of an unknown value are empty', () => {
    expect(draw([undefined, 1, 0, undefined], 'block', 4)).toEqual([' █▁ '])
    expect(draw([undefined, 1, Number.NaN, 0], 'braille', 2)).toEqual(['⢸⢀'])
    expect(draw([], 'block', 3)).toEqual(['   '])
  })

  test('are stretched to the width', () => {
    expect(draw([0, 1], 'block', 6)).toEqual(['▁▁▁███'])
  })

  test('show the largest of several values', () => {
    expect(draw([0, 9, 0, 0, undefined, 3], 'block', 2)).toEqual(['█▃'])
  })
})

test('every line has the requested width', () => {
  const value = fc.option(fc.double(), { nil: undefined })
  const size = fc.record({
    width: fc.integer({ min: 0, max: 50 }),
    height: fc.integer({ min: 1, max: 4 }),
    form: fc.constantFrom<SparklineForm>('braille', 'block', 'ascii'),
  })
  fc.assert(
    fc.property(fc.array(value), size, (values, { width, height, form }) => {
      const lines = sparkline(values, { width, height, form })
      expect(lines.map(textWidth)).toEqual(Array.from({ length: height }, () => width))
    }),
  )
})
