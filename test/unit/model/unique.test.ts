import { describe, expect, test } from 'vitest'
import { parseUnique, uniqueClaim } from '../../../runtime/model/unique.ts'
import { defineJob, type UniqueOptions } from '../../../sdk/index.ts'

interface Input {
  readonly file: unknown
}

function keyOf(key: (input: Input) => unknown, file: unknown = 'a.csv'): string {
  const rule = parseUnique({ key }, 'import')
  if (rule === undefined) throw new Error('there is a rule')
  return uniqueClaim(rule, { file }, 'import').key
}

describe('the option unique', () => {
  test('set to true holds per input until the end and lets others join', () => {
    const rule = { key: undefined, until: 'finished', onDuplicate: 'join' }
    expect(parseUnique(true, 'import')).toEqual(rule)
    expect(parseUnique({}, 'import')).toEqual(rule)
    expect(parseUnique(false, 'import')).toBeUndefined()
    expect(parseUnique(undefined, 'import')).toBeUndefined()
    expect(parseUnique({ until: '10m' }, 'import')).toMatchObject({ until: { ms: 600_000 } })
    expect(parseUnique({ until: 5 }, 'import')).toMatchObject({ until: { ms: 5 } })
  })

  test.each<[unknown, RegExp]>([
    ['yes', /job 'import': unique: write an object/],
    [null, /job 'import': unique: write an object/],
    [{ keys: 1 }, /job 'import': unique: unknown option 'keys'; known are key, until, onDuplicate/],
    [{ key: 'file' }, /job 'import': unique.key must be a function/],
    [{ until: 'done' }, /job 'import': unique.until must be 'finished', 'started', or a duration/],
    [{ until: '5 parsecs' }, /job 'import': unique.until: '5 parsecs' is not a duration/],
    [{ until: 0 }, /job 'import': unique.until must be .* 1 ms or more/],
    [{ until: -1 }, /job 'import': unique.until: -1 is not a duration/],
    [{ until: null }, /job 'import': unique.until/],
    [{ onDuplicate: 'drop' }, /job 'import': unique.onDuplicate must be 'join', 'reject' or 'replace'/],
  ])('%o is refused by name', (unique, message) => {
    const define = (): unknown =>
      defineJob({ name: 'import', unique: unique as UniqueOptions<unknown> }, () => 1)
    expect(define).toThrow(message)
    expect(define).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
  })
})

describe('a unique key', () => {
  test('is the result of the function, a number as its text', () => {
    expect(keyOf(({ file }) => file)).toBe('a.csv')
    expect(keyOf(() => 7)).toBe('7')
    expect(keyOf(() => 'ключ, 100 %')).toBe('ключ, 100 %')
    expect(keyOf(() => 'k'.repeat(512))).toHaveLength(512)
  })

  test('is by default the same for the same input, in any order of its fields', () => {
    const rule = parseUnique(true, 'import')
    if (rule === undefined) throw new Error('there is a rule')
    const key = (input: unknown): string => uniqueClaim(rule, input, 'import').key
    expect(key({ a: 1, b: new Date(5) })).toBe(key({ b: new Date(5), a: 1 }))
    expect(key({ a: 1 })).not.toBe(key({ a: 2 }))
    expect(key(undefined)).toMatch(/^[\w-]{43}$/)
  })

  test.each<[string, (input: Input) => unknown, RegExp]>([
    ['undefined', () => undefined, /returned undefined for this input; it must return a string or a number/],
    ['null', () => null, /returned null/],
    ['NaN', () => Number.NaN, /returned NaN/],
    ['an object', ({ file }) => ({ file }), /returned object/],
    ['a promise', async () => 'a', /returned a promise/],
    ['a promise that fails', () => Promise.reject(new Error('late')), /returned a promise/],
    ['nothing', () => '', /returned an empty string/],
    ['a line break', () => 'a\nb', /control characters/],
    ['half a character', () => '\ud800', /half a character/],
    ['too much', () => 'k'.repeat(513), /513 bytes, over the limit of 512/],
    ['too many bytes', () => 'ы'.repeat(300), /600 bytes, over the limit of 512/],
    ['a throw', () => JSON.parse('{'), /unique.key threw for this input: /],
  ])('of %s is refused with the name of the job', (_, key, message) => {
    expect(() => keyOf(key)).toThrow(message)
    expect(() => keyOf(key)).toThrow(/^job 'import': unique.key/)
    expect(() => keyOf(key)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
  })
})
