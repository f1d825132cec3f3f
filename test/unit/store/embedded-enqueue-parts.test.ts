import { expect, test } from 'vitest'
import { partsOf } from '../../../runtime/store/embedded/operations/enqueue.ts'
import { enqueueLimits } from '../../../runtime/store/enqueue-outbox.ts'
import { newRun } from '../../support/stores/store-inputs.ts'

function runsOf(count: number, bytes: number) {
  return Array.from({ length: count }, (_, n) => newRun({ id: `r${n}`, input: new Uint8Array(bytes) }))
}

// One transaction keeps the writers of other processes waiting.
test('R24: the runs of one call reach SQLite in bounded parts, in their order', () => {
  const quarter = enqueueLimits.bytes / 4
  const large = [...partsOf(runsOf(9, quarter))]
  expect(large.map(({ runs, bytes }) => [runs.length, bytes])).toEqual([
    [4, enqueueLimits.bytes],
    [4, enqueueLimits.bytes],
    [1, quarter],
  ])
  expect(large.flatMap(({ runs }) => runs.map(({ id }) => id))).toEqual(runsOf(9, 0).map(({ id }) => id))
  const small = [...partsOf(runsOf(enqueueLimits.runs + 1, 1))]
  expect(small.map(({ runs }) => runs.length)).toEqual([enqueueLimits.runs, 1])
})

test('a run that is larger than a part is sent alone, and zero runs make no part', () => {
  expect([...partsOf(runsOf(2, enqueueLimits.bytes + 1))].map(({ runs }) => runs.length)).toEqual([1, 1])
  expect([...partsOf([])]).toEqual([])
})
