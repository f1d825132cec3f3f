import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plainText } from '../../../runtime/cli/plain-text.ts'
import { decodeValue, encodeValue } from '../../../runtime/model/codec.ts'
import { type ValueOptions, valueLines } from '../../../tui/text/value-lines.ts'

/** The lines as a screen shows them: `+` folded, `-` unfolded. */
function shown(value: unknown, options: ValueOptions = {}): string[] {
  return valueLines(value, options).map(({ depth, text, foldable, folded }) => {
    const sign = foldable ? (folded ? '+ ' : '- ') : ''
    return `${'  '.repeat(depth)}${sign}${text}`
  })
}

describe('a value without parts', () => {
  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [-0, '-0'],
    [Number.NaN, 'NaN'],
    [12n, '12n'],
    ['a "b"', '"a \\"b\\""'],
    [new Date(0), 'Date 1970-01-01T00:00:00.000Z'],
    [new Date(Number.NaN), 'Date (invalid)'],
    [/a\d+/gi, '/a\\d+/gi'],
    [new Uint8Array([72, 105]), 'Uint8Array(2) 48 69'],
    [new Uint8Array(), 'Uint8Array(0)'],
    [{}, '{}'],
    [[], '[]'],
    [new Map(), 'Map(0) {}'],
    [Symbol('x'), 'symbol'],
  ])('%s is one line', (value, text) => {
    expect(shown(value)).toEqual([text])
  })
})

describe('a value with parts', () => {
  test('has a line for each, with its depth and its path', () => {
    const order = {
      id: 7,
      'a b': true,
      items: [{ sku: 'x', n: 2 }],
      seen: new Set(['eu']),
      by: new Map([[{ k: 1 }, 2n]]),
    }
    expect(shown(order)).toMatchInlineSnapshot(`
      [
        "- {5}",
        "  id: 7",
        "  "a b": true",
        "  - items: [1]",
        "    + 0: { sku: "x", n: 2 }",
        "  - seen: Set(1)",
        "    "eu"",
        "  - by: Map(1)",
        "    { k: 1 } => 2n",
      ]
    `)
    expect(valueLines(order).map(({ path }) => path)).toMatchInlineSnapshot(`
      [
        "",
        ".id",
        "."a b"",
        ".items",
        ".items[0]",
        ".seen",
        ".seen[0]",
        ".by",
        ".by[0]",
      ]
    `)
  })

  test('folds and unfolds by path, with deep parts folded at first', () => {
    const deep = { a: { b: { c: { d: 1 } } } }
    expect(shown(deep)).toEqual(['- {1}', '  - a: {1}', '    + b: { c: { d: 1 } }'])
    expect(shown(deep, { toggled: new Set(['.a.b']) })).toEqual([
      '- {1}',
      '  - a: {1}',
      '    - b: {1}',
      '      + c: { d: 1 }',
    ])
    expect(shown(deep, { toggled: new Set(['']) })).toEqual(['+ { a: { b: {1} } }'])
    expect(shown(deep, { openDepth: 9 })).toHaveLength(5)
  })

  test('shows its content when folded, as far as it fits', () => {
    const wide = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`field${i}`, i]))
    const [line = ''] = shown([wide], { openDepth: 1 }).slice(1)
    expect(line).toMatch(/^ {2}\+ 0: \{ field0: 0, field1: 1, .*, … \}$/)
    expect(line.length).toBeLessThan(100)
  })

  test('of very many parts shows some, and further ones on request', () => {
    const many = Array.from({ length: 250 }, (_, i) => i)
    const lines = shown(many)
    expect(lines).toHaveLength(102)
    expect(lines.at(-1)).toBe('  + … 150 more')
    expect(shown(many, { toggled: new Set(['[100…]', '[200…]']) }).at(-1)).toBe('  249: 249')
  })

  test('that contains itself is marked', () => {
    const loop: Record<string, unknown> = { name: 'loop' }
    Object.assign(loop, { self: loop })
    expect(shown(loop)).toEqual(['- {2}', '  name: "loop"', '  self: [circular]'])
    const twice = { n: 1 }
    expect(shown([twice, twice], { openDepth: 1 })).toEqual(['- [2]', '  + 0: { n: 1 }', '  + 1: { n: 1 }'])
  })

  test('as an error has its causes, and its stack line by line', () => {
    const error = new TypeError('no sku', { cause: new Error('timeout') })
    error.stack = 'TypeError: no sku\n    at pack (ship.ts:3:1)'
    const lines = shown({ error }, { toggled: new Set(['.error.stack']) })
    expect(lines.slice(0, 2)).toEqual(['- {1}', '  - error: TypeError: no sku'])
    expect(lines).toContain('      TypeError: no sku')
    expect(lines).toContain('          at pack (ship.ts:3:1)')
    expect(lines.some((line) => /cause: Error: timeout/.test(line))).toBe(true)
  })
})

describe('a long value', () => {
  test('as text is clipped with its length, and complete when unfolded', () => {
    const text = 'x'.repeat(450)
    expect(shown(text)).toEqual([`+ "${'x'.repeat(200)}"… (450 characters)`])
    expect(
      shown(text, { toggled: new Set(['']) })
        .slice(1)
        .map((line) => line.length),
    ).toEqual([202, 202, 52])
  })

  test('of several lines is one line, and its own lines when unfolded', () => {
    expect(shown({ t: 'a\nb\tc' })).toEqual(['- {1}', '  + t: "a\\nb\\tc"'])
    expect(shown({ t: 'a\nb\tc' }, { toggled: new Set(['.t']) }).slice(2)).toEqual(['    a', '    b\\tc'])
  })

  test('as bytes is a dump when unfolded', () => {
    const bytes = Uint8Array.from({ length: 20 }, (_, i) => 60 + i)
    expect(shown(bytes)).toEqual(['+ Uint8Array(20) 3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b …'])
    expect(shown(bytes, { toggled: new Set(['']) }).slice(1)).toEqual([
      '  0000  3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b  <=>?@ABCDEFGHIJK',
      '  0010  4c 4d 4e 4f                                      LMNO',
    ])
    const odd = new Uint8Array(17).fill(127).fill(7, 0, 2).fill(65, 2, 4)
    expect(shown(odd, { toggled: new Set(['']) })[1]).toMatch(/ {2}\.\.AA\.{12}$/)
    expect(shown(new Uint8Array(5_000), { toggled: new Set(['']) }).at(-1)).toBe('  … 904 more bytes')
  })

  test('as numbers is a list', () => {
    expect(shown(new Float64Array([1.5, 2]))).toEqual(['- Float64Array(2)', '  0: 1.5', '  1: 2'])
  })
})

describe('a value that a job stored', () => {
  test('can’t control a terminal or reverse text', () => {
    const evil = '\u001b[2J\u202edrow\u2066\u009b\u0007\u200b'
    const lines = valueLines(
      { [evil]: [evil, new Map([[evil, new Error(evil)]]), /\u202e/] },
      { openDepth: 9 },
    )
    for (const { text } of lines) expect(plainText(text)).toBe(text)
    expect(lines[2]?.text).toBe('0: "\\u001b[2J\\u202edrow\\u2066\\u009b\\u0007\\u200b"')
  })

  test('always has harmless lines, with one path each', () => {
    const anything = fc.anything({
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withBigInt: true,
    })
    fc.assert(
      fc.property(anything, (value) => {
        const lines = valueLines(value, { openDepth: 20 })
        expect(new Set(lines.map(({ path }) => path)).size).toBe(lines.length)
        for (const { text } of lines) expect([text, text.includes('\n')]).toEqual([plainText(text), false])
      }),
    )
  })

  test('is the same after it was stored', () => {
    const value = {
      a: [1, 'x', undefined],
      m: new Map([[1, new Set([2n])]]),
      b: new Uint8Array(3),
      d: new Date(5),
    }
    expect(valueLines(decodeValue(encodeValue(value, 'v'), 'v'))).toEqual(valueLines(value))
  })
})
