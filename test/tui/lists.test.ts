import { describe, expect, test } from 'vitest'
import { bar } from '../../tui/kit/bar.ts'
import { glyphSets } from '../../tui/kit/glyphs.ts'
import { listLayout, zoomed } from '../../tui/kit/list-layout.ts'
import { hasWords } from '../../tui/text/has-words.ts'
import { sortedBy } from '../../tui/text/sorted-by.ts'
import { screenInput } from './support/given.ts'

describe('a bar', () => {
  const draw = (taken: number, whole: number): string =>
    bar(taken, whole, { width: 4, glyphs: glyphSets.ascii })

  test.each([
    [0, 10, '----'],
    [1, 100, '#---'],
    [5, 10, '##--'],
    [99, 100, '###-'],
    [10, 10, '####'],
    [12, 10, '####'],
    [0, 0, '----'],
  ])('of %d of %d is %s', (taken, whole, drawn) => {
    expect(draw(taken, whole)).toBe(drawn)
  })
})

describe('the words of a filter', () => {
  test('must all occur, in any case', () => {
    expect(hasWords(['mail', 'job:send-mail'], 'MAIL job:send')).toBe(true)
    expect(hasWords(['mail', 'job:send-mail'], 'mail import')).toBe(false)
  })

  test('with ! must not occur; a ! alone is still being typed', () => {
    expect(hasWords(['mail', 'paused'], '!paused')).toBe(false)
    expect(hasWords(['mail', 'idle'], 'mail !paused')).toBe(true)
    expect(hasWords(['mail'], '!')).toBe(false)
    expect(hasWords(['mail!'], '!')).toBe(true)
  })
})

describe('sorting', () => {
  const rows = [{ n: 2 }, { n: undefined }, { n: 10 }]
  const values = { n: ({ n }: { n: number | undefined }) => n }

  test('starts with the largest, and ends with rows without a value, in both directions', () => {
    const order = (descending: boolean) =>
      sortedBy(rows, { column: 'n', descending }, values).map(({ n }) => n)
    expect(order(true)).toEqual([10, 2, undefined])
    expect(order(false)).toEqual([2, 10, undefined])
  })

  test('texts start with A', () => {
    const named = [{ id: 'b' }, { id: 'a' }]
    const sorted = sortedBy(named, { column: 'id', descending: true }, { id: ({ id }) => id })
    expect(sorted.map(({ id }) => id)).toEqual(['a', 'b'])
  })

  test('an unknown column, or none, leaves the order unchanged', () => {
    expect(sortedBy(rows, { column: 'x', descending: true }, values)).toEqual(rows)
    expect(sortedBy(rows, undefined, values)).toEqual(rows)
  })
})

describe('list and detail', () => {
  test.each([6, 13, 14, 20, 26, 41, 63])('share %d lines', (rows) => {
    const { place } = screenInput({ target: { screen: 'queues' } })
    const { paneHeight, listHeight, detailHeight } = listLayout({ size: { columns: 80, rows }, place }, 1)
    expect(paneHeight + detailHeight).toBe(rows)
    expect(listHeight).toBe(paneHeight - 3)
    expect(listHeight).toBeGreaterThanOrEqual(3)
  })

  test('zoom gives all of them to the detail, and again returns them', () => {
    const { place } = screenInput({ target: { screen: 'queues' } })
    const size = { columns: 80, rows: 20 }
    const own = zoomed(place.own)
    expect(listLayout({ size, place: { ...place, own } })).toEqual({
      paneHeight: 0,
      listHeight: 0,
      detailHeight: 20,
    })
    expect(zoomed(own)).toEqual(place.own)
  })
})
