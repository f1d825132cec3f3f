import { expectTypeOf, test } from 'vitest'
import type { LimiterChange, Limiters, UniqueOptions } from '../../sdk/index.ts'

declare const jobLimits: Limiters

test('numbers of a limiter are numbers, and its times are durations', () => {
  void jobLimits.set('api', { limit: 5, window: '1m' })
  // @ts-expect-error: a number, not text
  void jobLimits.set('api', { max: '5' })
  // @ts-expect-error: no kind has it
  void jobLimits.set('api', { most: 5 })
  expectTypeOf<LimiterChange['max']>().toEqualTypeOf<number | undefined>()
})

test('the options of unique are literal types', () => {
  expectTypeOf<UniqueOptions<unknown>['onDuplicate']>().toEqualTypeOf<
    'join' | 'reject' | 'replace' | undefined
  >()
})
