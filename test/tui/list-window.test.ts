import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { moved, windowOf } from '../../tui/app/list-window.ts'
import type { Cursor } from '../../tui/app/place.ts'
import type { Row } from '../../tui/screens/screen.ts'

function rowsOf(...ids: readonly (string | number)[]): readonly Row[] {
  return ids.map((id) => ({ id: String(id) }))
}

const hundred = rowsOf(...Array.from({ length: 100 }, (_, i) => i))

function down(
  rows: readonly Row[],
  cursor: Cursor | undefined,
  times: number,
  height = 10,
): Cursor | undefined {
  let now = cursor
  for (let i = 0; i < times; i++) now = moved(rows, now, 1, height)
  return now
}

test('the window moves only when the cursor would leave it', () => {
  const inside = windowOf(hundred, down(hundred, undefined, 9), 10, true)
  expect([inside.first, inside.line]).toEqual([0, 9])
  const further = windowOf(hundred, down(hundred, undefined, 12), 10, true)
  expect([further.first, further.line]).toEqual([3, 9])
  const back = windowOf(hundred, moved(hundred, down(hundred, undefined, 12), -5, 10), 10, true)
  expect([back.first, back.line]).toEqual([3, 4])
})

test('rows inserted above leave the window unchanged', () => {
  const cursor = down(hundred, undefined, 5)
  const before = windowOf(hundred, cursor, 10, true)
  const after = windowOf([...rowsOf('new 1', 'new 2', 'new 3'), ...hundred], cursor, 10, true)
  expect(after.rows).toEqual(before.rows)
  expect(after.line).toBe(before.line)
})

test('a cursor on the first row remains on the first row', () => {
  const window = windowOf(rowsOf('new', 1, 2), undefined, 10, true)
  expect([window.first, window.line]).toEqual([0, 0])
  expect(window.rows[0]?.id).toBe('new')
})

test('a removed row passes the cursor to the one in its place', () => {
  const cursor = down(hundred, undefined, 5)
  const window = windowOf(
    hundred.filter(({ id }) => id !== '5'),
    cursor,
    10,
    true,
  )
  expect(window.rows[window.line]?.id).toBe('6')
})

test('an empty list has no cursor', () => {
  expect(windowOf([], { id: 'x', line: 3, index: 3 }, 10, true)).toMatchObject({
    rows: [],
    line: -1,
    count: 0,
  })
  expect(moved([], undefined, 1, 10)).toBeUndefined()
})

test('a move beyond an end stops there', () => {
  expect(moved(hundred, undefined, Number.NEGATIVE_INFINITY, 10)).toBeUndefined()
  expect(moved(hundred, undefined, 1_000, 10)).toEqual({ id: '99', index: 99, line: 9 })
})

describe('after any moves', () => {
  test('the cursor is in the window and the window is full', () => {
    const step = fc.record({ by: fc.integer({ min: -30, max: 30 }), height: fc.integer({ min: 1, max: 40 }) })
    void fc.assert(
      fc.property(fc.integer({ min: 0, max: 120 }), fc.array(step, { maxLength: 30 }), (count, steps) => {
        const rows = hundred.slice(0, count)
        let cursor: Cursor | undefined
        for (const { by, height } of steps) {
          cursor = moved(rows, cursor, by, height)
          const window = windowOf(rows, cursor, height, true)
          expect(window.rows).toHaveLength(Math.min(height, rows.length))
          expect(window.line).toBe(rows.length === 0 ? -1 : Math.max(0, window.line))
          if (rows.length > 0) expect(window.rows[window.line]).toBeDefined()
        }
      }),
    )
  })
})
