import { expect, test } from 'vitest'
import { filterText, filterWords } from '../../../runtime/describe/filter-words.ts'

test('each part of a filter is a command-line option; an empty filter means all runs', () => {
  expect(filterWords({})).toEqual(['--all'])
  const filter = { states: ['failed', 'expired'], job: 'pay card', minAgeMs: 5_400_000, before: 0 } as const
  expect(filterWords(filter)).toEqual([
    ...['--state', 'failed,expired', '--job', 'pay card', '--older-than', '90m'],
    ...['--before', '1970-01-01T00:00:00.000Z'],
  ])
  expect(filterWords({ limiter: 'tenant', limitKey: '' })).toEqual(['--limiter', 'tenant', '--limit-key', ''])
  expect(filterText({ minAgeMs: 1_500 })).toBe('--older-than 1500ms')
  expect(filterText({ minAgeMs: 172_800_000, text: 'card' })).toBe('--older-than 2d --text card')
})
