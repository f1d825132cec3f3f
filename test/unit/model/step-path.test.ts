import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { onFailedPath, stepPath, stepSegment } from '../../../runtime/model/step-path.ts'
import { InvalidOptionsError } from '../../../sdk/index.ts'

interface Place {
  readonly scopes: readonly string[]
  readonly name: string
  readonly key: string | undefined
  readonly repeat: number
}

function pathOf({ scopes, name, key, repeat }: Place): string {
  const prefix = scopes.reduce((outer, scope) => stepPath(outer, stepSegment(scope), 1), '')
  return stepPath(prefix, stepSegment(name, key), repeat)
}

const tricky = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '#', '[', ']', '%', '$', '2', '5'),
  maxLength: 6,
})
const name = tricky.filter((text) => text !== '')
const place: fc.Arbitrary<Place> = fc.record({
  scopes: fc.array(name, { maxLength: 2 }),
  name,
  key: fc.option(tricky, { nil: undefined }),
  repeat: fc.integer({ min: 1, max: 3 }),
})

describe('a step path', () => {
  test.each<[string, Place]>([
    ['name', { scopes: [], name: 'name', key: undefined, repeat: 1 }],
    ['name#3', { scopes: [], name: 'name', key: undefined, repeat: 3 }],
    ['name[7]', { scopes: [], name: 'name', key: '7', repeat: 1 }],
    ['outer/inner/name[k]#2', { scopes: ['outer', 'inner'], name: 'name', key: 'k', repeat: 2 }],
    ['insert rows', { scopes: [], name: 'insert rows', key: undefined, repeat: 1 }],
  ])('reads %s', (path, at) => {
    expect(pathOf(at)).toBe(path)
  })

  test('differs for two different places', () => {
    fc.assert(
      fc.property(place, place, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other))
        expect(pathOf(one)).not.toBe(pathOf(other))
      }),
      { numRuns: 2_000 },
    )
  })

  test('never equals that of onFailed', () => {
    fc.assert(
      fc.property(place, (at) => {
        expect(pathOf(at)).not.toBe(onFailedPath)
      }),
    )
    expect(stepSegment('$onFailed')).not.toBe(onFailedPath)
  })

  test('distinguishes an empty key from none', () => {
    expect(stepSegment('a', '')).not.toBe(stepSegment('a'))
  })

  test('accepts a number as a key', () => {
    expect(stepSegment('a', 7)).toBe('a[7]')
  })

  test('is refused when longer than 512 bytes, counted in UTF-8', () => {
    expect(stepPath('', stepSegment('é'.repeat(256)), 1)).toHaveLength(256)
    expect(() => stepPath('', stepSegment('é'.repeat(257)), 1)).toThrow(/longer than 512 bytes/)
  })
})

describe('an invalid step name or key is refused', () => {
  test.each([
    ['an empty name', ''],
    ['no name', undefined],
    ['a number', 7],
    ['a function', () => 1],
    ['a BigInt', 7n],
  ])('%s', (_name, value) => {
    expect(() => stepSegment(value)).toThrow(InvalidOptionsError)
    expect(() => stepSegment(value)).toThrow(/non-empty string/)
  })

  test.each([
    ['an object', {}],
    ['null', null],
    ['a boolean', true],
  ])('%s as a key', (_name, key) => {
    expect(() => stepSegment('a', key)).toThrow(/step 'a': its key must be a string or a number/)
  })
})

test('text cut inside a character is refused: no store would find the step again', () => {
  const cut = 'Tip \u{1F389}'.slice(0, 5)
  expect(() => stepSegment(cut)).toThrow(/cut inside a character/)
  expect(() => stepSegment('pay', cut)).toThrow(/key is cut inside a character/)
})
