import { expect, test } from 'vitest'
import { defaultConcurrency } from '../../../runtime/fargate/default-concurrency.ts'

test.each([
  [0.1, 2],
  [0.25, 3],
  [0.5, 5],
  [1, 10],
  [2, 10],
  [16, 10],
])('a task of %d vCPU works on %d runs', (vcpu, concurrency) => {
  expect(defaultConcurrency(vcpu)).toEqual({
    concurrency,
    formula: `max(2, ceil(10 x min(1, ${vcpu} vCPU))) = ${concurrency}`,
  })
})
