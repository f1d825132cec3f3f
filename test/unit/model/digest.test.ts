import { createHash } from 'node:crypto'
import { runInNewContext as elsewhere } from 'node:vm'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { decodeValue, encodeValue } from '../../../runtime/model/codec.ts'
import { digestsOf, writtenDigest } from '../../../runtime/model/digest.ts'
import { anyValue } from './any-value.ts'

function canonicalDigest(value: unknown): string {
  const { written, canonical } = digestsOf(value)
  return canonical ?? written
}

function stored(value: unknown): unknown {
  return decodeValue(encodeValue(value, 'value'), 'value')
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

const packr = new Packr({ useRecords: true, moreTypes: true, mapsAsObjects: false, useBigIntExtension: true })

/** The digest of releases that know one form. Never to be changed: their records are still read. */
function digestOfEarlierReleases(value: unknown): string {
  return createHash('sha256')
    .update(packr.pack(arranged(value)))
    .digest('hex')
}

function arranged(value: unknown): unknown {
  if (Array.isArray(value)) return ['list', ...value.map(arranged)]
  if (value instanceof Map) return ['map', ...[...value].map(arranged)]
  if (value instanceof Set) return ['set', ...[...value].map(arranged)]
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value))
    return value
  const record = value as Record<string, unknown>
  return [
    'object',
    ...Object.keys(record)
      .sort()
      .map((key) => [key, arranged(record[key])]),
  ]
}

/** Turns every Set and Map around, adds fields that are undefined, and makes Buffers of bytes. */
function rearranged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rearranged)
  if (value instanceof Map)
    return new Map([...value].reverse().map(([k, v]) => [rearranged(k), rearranged(v)]))
  if (value instanceof Set) return new Set([...value].reverse().map(rearranged))
  if (value instanceof Uint8Array && value.constructor === Uint8Array) return Buffer.from(value)
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value))
    return value
  const fields = Object.entries(value)
    .reverse()
    .map(([key, field]) => [key, rearranged(field)])
  return { ...Object.fromEntries(fields), ...(Object.hasOwn(value, 'never') ? {} : { never: undefined }) }
}

describe('equal values have one canonical digest', () => {
  const keys = [{ id: 1, at: new Date(5) }, { id: 2 }]
  test.each<[string, unknown, unknown]>([
    ['fields in any order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['Sets in any order', new Set(['b', 'a', 1]), new Set([1, 'a', 'b'])],
    [
      'Maps in any order',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
    ],
    [
      'Maps whose keys are objects',
      new Map([
        [keys[0], 1],
        [keys[1], 2],
      ]),
      new Map([
        [{ id: 2 }, 2],
        [{ at: new Date(5), id: 1 }, 1],
      ]),
    ],
    [
      'Sets inside Sets',
      new Set([new Set([1, 2]), new Set([3, new Set([4, 5])])]),
      new Set([new Set([new Set([5, 4]), 3]), new Set([2, 1])]),
    ],
    [
      'Sets whose items differ only inside a Set',
      [new Set([new Set([1, 2]), new Set([1, 3])])],
      [new Set([new Set([3, 1]), new Set([2, 1])])],
    ],
    [
      'a Map of Maps in objects',
      {
        m: new Map([
          [
            'x',
            {
              in: new Map([
                [1, 1],
                [2, 2],
              ]),
            },
          ],
          ['y', {}],
        ]),
      },
      {
        m: new Map([
          ['y', {}],
          [
            'x',
            {
              in: new Map([
                [2, 2],
                [1, 1],
              ]),
            },
          ],
        ]),
      },
    ],
    ['an undefined field and none', { a: 1, b: undefined, c: { d: undefined } }, { a: 1, c: {} }],
    ['an undefined field of a key', new Map([[{ a: 1, b: undefined }, 1]]), new Map([[{ a: 1 }, 1]])],
    ['a Buffer and its bytes', Buffer.from('xaby').subarray(1, 3), bytes('ab')],
    ['views on other places of a buffer', bytes('xaby').subarray(1, 3), bytes('ab')],
    ['minus zero', [-0], [0]],
    ['a hole and undefined', Object.assign(new Array(2), { 1: 1 }), [undefined, 1]],
    ['no prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['errors made at two places', [new RangeError('a')], [new RangeError('a')]],
    [
      'errors with such causes',
      new Error('a', { cause: new Error('b') }),
      new Error('a', { cause: new Error('b') }),
    ],
    ['lone surrogates', 'a\ud800', 'a\ufffd'],
    ['NaN', [Number.NaN], [0 / 0]],
  ])('%s', (_name, one, other) => {
    expect(canonicalDigest(one)).toBe(canonicalDigest(other))
  })

  test('whatever the values are, and whatever part of them is stored', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const digest = canonicalDigest(value)
        expect(canonicalDigest(rearranged(value))).toBe(digest)
        expect(canonicalDigest(stored(value))).toBe(digest)
        expect(writtenDigest(stored(value))).toBe(writtenDigest(value))
      }),
    )
  })
})

describe('different values have different digests, in both forms', () => {
  test.each<[string, unknown, unknown]>([
    ['an object and a list of its pairs', { a: 1 }, [['a', 1]]],
    ['a Map and a list', new Map([['a', 1]]), ['map', ['a', 1]]],
    ['a Map and an object', new Map([['a', 1]]), { a: 1 }],
    ['a Set and a list', new Set([1]), [1]],
    ['a Set and a Map without entries', new Set(), new Map()],
    ['lists in another order', [1, 2], [2, 1]],
    [
      'Maps with exchanged values',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    ],
    ['Sets of one and of two equal items', new Set([{ a: 1 }]), new Set([{ a: 1 }, { a: 1 }])],
    ['items in other Sets', [new Set([1, 2]), new Set([3])], [new Set([1]), new Set([2, 3])]],
    [
      'Sets of Sets',
      new Set([new Set([1, 2]), new Set([3, 4])]),
      new Set([new Set([1, 3]), new Set([2, 4])]),
    ],
    ['a number and its text', 1, '1'],
    ['a number and a BigInt', 1, 1n],
    ['a field that is undefined and null', { a: undefined }, { a: null }],
    ['an entry that is undefined and none', new Map([['a', undefined]]), new Map()],
    ['an item that is undefined and none', [undefined], []],
    ['nothing and an empty object', undefined, {}],
    ['a Date and its number', new Date(5), 5],
    ['bytes in two types', new Uint8Array([1]), new Int8Array([1])],
    ['bytes and their buffer', new Uint8Array([1]), new Uint8Array([1]).buffer],
    ['two errors', new Error('a'), new Error('b')],
    ['two errors of another realm', elsewhere('new Error("a")'), elsewhere('new Error("b")')],
    ['an error and its parts', new Error('a'), { name: 'Error', message: 'a' }],
    ['RegExps of other flags', /a/g, /a/i],
    ['accents in two forms', 'e\u0301', '\u00e9'],
  ])('%s', (_name, one, other) => {
    expect(canonicalDigest(one)).not.toBe(canonicalDigest(other))
    expect(writtenDigest(one)).not.toBe(writtenDigest(other))
    expect(canonicalDigest([{ in: one }])).not.toBe(canonicalDigest([{ in: other }]))
  })
})

describe('the digest of earlier releases', () => {
  test('is the written one, for any value', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(digestsOf(value).written).toBe(digestOfEarlierReleases(value))
        expect(writtenDigest(value)).toBe(digestOfEarlierReleases(value))
      }),
    )
  })

  test.each<[string, unknown]>([
    ['plain objects', { file: 'a.csv', rows: [1, { at: new Date(5), price: 1.5 }], big: 2n ** 70n }],
    [
      'sorted Sets and Maps',
      {
        s: new Set(['a', 'b']),
        m: new Map([
          ['a', 1],
          ['b', 2],
        ]),
      },
    ],
    ['bytes', new Uint8Array([1, 2])],
    ['no input', undefined],
  ])('is also the canonical one of %s', (_name, value) => {
    expect(digestsOf(value)).toEqual({ written: digestOfEarlierReleases(value) })
  })

  test('of other values is listed beside it', () => {
    for (const value of [{ a: undefined }, new Set(['b', 'a']), Buffer.from('a'), new Error('a')]) {
      const { written, canonical } = digestsOf(value)
      expect(canonical).toMatch(/^[0-9a-f]{64}$/)
      expect(canonical).not.toBe(written)
    }
  })

  test('does not depend on fields that an error loses in the store', () => {
    const error = (status?: number): Error =>
      new Error('a', {
        cause: new AggregateError([Object.assign(new Error('b'), status && { status })], 'c'),
      })
    expect(digestsOf([error(404)])).toMatchObject({ canonical: digestsOf([error()]).canonical })
    const withoutStacks = (value: Error): Error => {
      const inner = [
        value,
        value.cause as AggregateError,
        ...(value.cause as AggregateError).errors,
      ] as Error[]
      for (const one of inner) one.stack = 'a stack'
      return value
    }
    expect(writtenDigest(withoutStacks(error(404)))).toBe(writtenDigest(withoutStacks(error())))
  })

  // As stores keep them. A change of one needs a new version (rule I3 of digest.ts), not a new text here.
  test.each<[string, unknown, string, string?]>([
    [
      'a plain object',
      { file: 'a.csv', rows: [1, -7, 70_000, 1.5, 'ключ', null, true], at: new Date(1_700_000_000_123) },
      'abf062a2264373aaba7ffd968c6fc382fb74f844e35099ca6187991e0d9782c0',
    ],
    [
      'leaves',
      [
        undefined,
        2n ** 70n,
        -1n,
        /a\/b/gi,
        new Uint8Array([1, 2]),
        new Float64Array([0.5]),
        new Date(Number.NaN),
      ],
      'd09896ed0da36f433f9471cbb4f161e62827a9269b83ca4bf16335867c623683',
    ],
    [
      'a Set and a Map',
      {
        s: new Set(['b', 'a']),
        m: new Map([
          ['b', 2],
          ['a', 1],
        ]),
      },
      'e03fc18d850a0ed9228bcddc9d6ab57ea29b903aac328800d849a5d64297b664',
      'ac576dd225425f99d638f6d37e7d2617670d856585f44b78d1ce164f7c70ce79',
    ],
    [
      'an undefined field and a Buffer',
      { a: undefined, b: Buffer.from('ab') },
      'ca393f3667e1a6bcb558ee1da09e8d932c0f800971bbd43c7f2720d5c4373714',
      '8776ec7bededc6179595d63d8d0b79cacf56f688f7f182e20db2648f376953cf',
    ],
    ['no input', undefined, 'df0274cf3678b975da463dece84a636c98ef7cd96627a3a3daa1edc90c844557'],
  ])('%s is pinned', (_name, value, written, canonical) => {
    expect(digestsOf(value)).toEqual({ written, ...(canonical === undefined ? {} : { canonical }) })
  })
})

test('the cost of nested Sets grows with their size, not with their depth times it', () => {
  let packed = 0
  const get = (): string => {
    packed++
    return 'a'
  }
  const item = Object.defineProperty(/a/, 'source', { get })
  let nested: unknown = [item]
  for (let depth = 0; depth < 150; depth++) nested = new Set([nested, depth])
  expect(digestsOf(nested).canonical).toBeDefined()
  // To sort the innermost Set, for the canonical digest, and for the written one.
  expect(packed).toBe(3)
})
