import { expect, test } from 'vitest'
import { retryPlanLists, sampleText } from '../../../runtime/describe/plan-sentences.ts'

test('a retry of a run without stored steps says so', () => {
  expect(retryPlanLists({ runsAgain: [], keeps: [] }).map(({ verb }) => verb)).toEqual([
    'run no stored step again',
    'keep no stored step',
  ])
  expect(retryPlanLists({ runsAgain: ['pay'], keeps: ['read'] })).toEqual([
    { verb: 'run again', paths: ['pay'] },
    { verb: 'keep', paths: ['read'] },
  ])
})

test.each([
  [1, 1, true, 'it was inspected: 1 failed'],
  [4, 4, true, 'all of them were inspected: 4 failed'],
  [200, 900, true, 'the newest 200 of them were inspected: 200 failed'],
  [1, 1, false, 'the newest 1 of them were inspected: 1 failed'],
])('a plan of %d inspected of %d runs (exact: %s) says: %s', (sample, runs, exact, text) => {
  expect(sampleText({ sample, matching: { runs, exact }, states: [{ state: 'failed', runs: sample }] })).toBe(
    text,
  )
})
