import { describe, expect, test } from 'vitest'
import { decideProtection, parseProtect } from '../../../runtime/model/protect.ts'
import { defineJob } from '../../../sdk/index.ts'

type Protect = true | ((input: unknown) => boolean)

describe('the option protect', () => {
  test.each<unknown>([false, 'yes', 1, null, {}])('is not %o', (protect) => {
    const define = (): unknown => defineJob({ name: 'import', protect: protect as Protect }, () => 1)
    expect(define).toThrow(/^job 'import': protect must be true, or a function of the input/)
    expect(define).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
  })

  test('is true, a function, or left out', () => {
    const rule = (): boolean => true
    expect([true, rule, undefined].map((protect) => parseProtect(protect, 'job'))).toEqual([
      true,
      rule,
      undefined,
    ])
  })
})

describe('whether a run needs protection', () => {
  const of = { job: 'import' }

  test('is the result of the function for its input', () => {
    const isLarge = (input: unknown): boolean => (input as { rows: number }).rows > 5
    expect(decideProtection(true, { rows: 1 }, of)).toBe(true)
    expect(decideProtection(isLarge, { rows: 6 }, of)).toBe(true)
    expect(decideProtection(isLarge, { rows: 5 }, of)).toBe(false)
  })

  test.each<[string, () => unknown, RegExp]>([
    ['no boolean', () => 'yes', /returned 'yes' for this input; it must return true or false, at once/],
    ['nothing', () => undefined, /returned undefined for this input/],
    ['a promise', () => Promise.reject(new Error('late')), /returned a promise for this input/],
    ['a throw', () => JSON.parse('{'), /threw for this input: .*JSON/],
  ])('%s is refused by name', (_, rule, message) => {
    const ask = (): unknown => decideProtection(rule, {}, of)
    expect(ask).toThrow(/^job 'import': protect /)
    expect(ask).toThrow(message)
    expect(ask).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }))
    expect(() => decideProtection(rule, {}, { ...of, schedule: 'nightly' })).toThrow(
      /for the input of schedule 'nightly'/,
    )
  })
})
