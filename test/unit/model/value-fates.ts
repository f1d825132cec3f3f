import { expect } from 'vitest'

/** The stored form of a value: another one, or an error that names the place `at` inside it. */
export type Fate = { readonly value: () => unknown } & (
  | { readonly becomes: unknown; readonly check?: (back: unknown) => void }
  | { readonly refused: RegExp; readonly at: string }
)

class Point {
  readonly x = 1
}
class Bytes extends Uint8Array {}
class Scores extends Map<string, number> {}

function kept(value: unknown): Fate {
  return { value: () => value, becomes: value }
}

function refused(problem: RegExp, at: string, value: () => unknown): Fate {
  return { value, refused: problem, at }
}

const shared = { a: 1 }
const revoked = (): unknown => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const notOpen = {
  get a(): never {
    throw new Error('not open')
  },
}

/** The whole of C1 in runtime/model/codec.ts. Values neither retained nor refused are listed under G2 in docs/guarantees.md. */
export const fates: Readonly<Record<string, Fate>> = {
  // Retained
  'an invalid Date': kept(new Date(Number.NaN)),
  'the first and the last Date': kept([new Date(-8.64e15), new Date(8.64e15)]),
  'BigInts of any size': kept([2n ** 63n, -(2n ** 63n) - 1n, 10n ** 400n]),
  'a Buffer': kept(Buffer.from('ab')),
  'typed arrays': kept([new Float32Array([0.5]), new BigUint64Array([1n]), new Uint8ClampedArray([9])]),
  'a DataView': kept(new DataView(new ArrayBuffer(2))),
  'RegExp flags': kept(/\p{L}/giu),
  'a Map with keys of several types': kept(
    new Map<unknown, number>([
      [1, 1],
      ['1', 2],
      [{ a: 1 }, 3],
    ]),
  ),
  'a field that is undefined': kept({ a: undefined }),
  'fields named as methods are': kept({ constructor: 'x', toJSON: 1, hasOwnProperty: 2, length: 3 }),
  'a field of a key with a zero character': kept({ 'a\u0000b': 1 }),

  // Changed
  'minus zero': { value: () => ({ n: -0 }), becomes: { n: 0 } },
  'text cut inside a character': { value: () => 'a\ud800', becomes: 'a\ufffd' },
  'a hole in an array': {
    value: () => {
      const list = [0, 1]
      delete list[0]
      return list
    },
    becomes: [undefined, 1],
  },
  'fields of an array': { value: () => Object.assign([1], { extra: 1, [Symbol('s')]: 1 }), becomes: [1] },
  'the match of a RegExp': { value: () => /b/.exec('abc'), becomes: ['b'] },
  'fields of a Map, Set, Date and RegExp': {
    value: () => [new Map(), new Set(), new Date(5), /a/].map((leaf) => Object.assign(leaf, { extra: 1 })),
    becomes: [new Map(), new Set(), new Date(5), /a/],
    check: (back) => {
      for (const leaf of back as object[]) expect(leaf).not.toHaveProperty('extra')
    },
  },
  'a field that is not enumerable': {
    value: () => Object.defineProperty({ a: 1 }, 'b', { value: 2 }),
    becomes: { a: 1 },
    check: (back) => expect(back).not.toHaveProperty('b'),
  },
  'a getter': {
    value: () => ({
      get a() {
        return 5
      },
    }),
    becomes: { a: 5 },
    check: (back) => expect(Object.getOwnPropertyDescriptor(back, 'a')).toHaveProperty('value', 5),
  },
  'lastIndex of a RegExp': {
    value: () => Object.assign(/a/g, { lastIndex: 3 }),
    becomes: /a/g,
    check: (back) => expect(back).toHaveProperty('lastIndex', 0),
  },
  'one object in two places': {
    value: () => [shared, shared],
    becomes: [{ a: 1 }, { a: 1 }],
    check: (back) => {
      const [one, other] = back as unknown[]
      expect(one).not.toBe(other)
    },
  },
  'one buffer under two views': {
    value: () => {
      const { buffer } = new Uint8Array([1, 2, 3])
      return [new Uint8Array(buffer, 1, 1), new Uint8Array(buffer)]
    },
    becomes: [new Uint8Array([2]), new Uint8Array([1, 2, 3])],
    check: (back) => {
      const [one, other] = back as Uint8Array[]
      expect(one?.buffer).not.toBe(other?.buffer)
    },
  },
  'shared memory': { value: () => new Uint8Array(new SharedArrayBuffer(2)), becomes: new Uint8Array(2) },
  'a buffer that can grow': {
    value: () => new ArrayBuffer(2, { maxByteLength: 8 }),
    becomes: new ArrayBuffer(2),
    check: (back) => expect(back).toHaveProperty('resizable', false),
  },
  'a frozen object': {
    value: () => Object.freeze({ a: 1 }),
    becomes: { a: 1 },
    check: (back) => expect(Object.isFrozen(back)).toBe(false),
  },
  'an object without a prototype': {
    value: () => Object.assign(Object.create(null), { a: 1 }),
    becomes: { a: 1 },
  },
  'a proxy of a plain object': { value: () => new Proxy({ a: 1 }, {}), becomes: { a: 1 } },
  'fields of an Error': {
    value: () => Object.assign(new TypeError('a'), { code: 'E', status: 404 }),
    becomes: Object.assign(new TypeError('a'), { code: 'E' }),
    check: (back) => {
      expect(back).toBeInstanceOf(TypeError)
      expect(back).not.toHaveProperty('status')
    },
  },

  // Refused
  'a function': refused(/a function can't be stored/, '.a[0]', () => ({ a: [() => 1] })),
  'a symbol': refused(/a symbol can't be stored/, '.a', () => ({ a: Symbol('s') })),
  'a key that is a symbol': refused(/key is a symbol/, '.a', () => ({ a: { [Symbol('s')]: 1 } })),
  'a class instance': refused(/instance of Point/, '[0].at', () => [{ at: new Point() }]),
  'an instance of a class made from Uint8Array': refused(/instance of Bytes/, '.b', () => ({
    b: new Bytes(1),
  })),
  'an instance of a class made from Map': refused(/instance of Scores/, '.m', () => ({ m: new Scores() })),
  'a boxed number': refused(/instance of Number/, '.n', () => ({ n: Object(1) })),
  'a boxed text': refused(/instance of String/, '.s', () => ({ s: Object('a') })),
  'shared memory itself': refused(/instance of SharedArrayBuffer/, '.b', () => ({
    b: new SharedArrayBuffer(1),
  })),
  'an inherited field': refused(/inherited field/, '.o.a', () => {
    const base = Object.assign(Object.create(null), { a: 1 })
    return { o: Object.create(base) }
  }),
  'an object with another object as its prototype': refused(/without its class/, '.o', () => ({
    o: Object.create({ a: 1 }),
  })),
  'a field whose name is cut inside a character': refused(/half a character/, '.o', () => ({
    o: { '\ud800': 1 },
  })),
  'a key of a Map that is cut': refused(/half a character/, '.m', () => ({ m: new Map([['\ud800', 1]]) })),
  'an item of a Set that is cut': refused(/half a character/, '.s', () => ({ s: new Set(['\udfff']) })),
  'a getter that throws': refused(/reading it threw: not open/, '.o.a', () => ({ o: notOpen })),
  'a revoked proxy': refused(/reading it threw: .*revoked/, '.list[1]', () => ({ list: [1, revoked()] })),
  'a proxy of a Map': refused(/reading it threw/, '.m', () => ({ m: new Proxy(new Map(), {}) })),
  'a generator': refused(/can't be stored/, '.g', () => ({
    g: (function* () {
      yield 1
    })(),
  })),
}
