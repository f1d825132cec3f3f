import { expect } from 'vitest'
import type { EventLog } from '../../runtime/store/events.ts'
import type { Store } from '../../runtime/store/store.ts'
import { byHand, newRun } from '../support/stores/store-inputs.ts'

/** How a test drops events from the logs of a store that otherwise only time and many events would drop. */
export interface LogKnife {
  /** Drops transitions up to this number. */
  readonly dropTransitions: (to: number) => Promise<void>
  readonly dropOperations: (to: number) => Promise<void>
}

/** For a store without events: a gap is exactly the events dropped from the logs that are read. */
export async function expectExactGaps(
  store: Store,
  { dropTransitions, dropOperations }: LogKnife,
): Promise<void> {
  const { cursor: begin } = await store.events({ limit: 1 })
  const isGap = async (after: number, log?: EventLog): Promise<boolean> => {
    const page = await store.events({
      ...{ after: begin.replace(/\d+$/, String(after)), limit: 5 },
      ...(log === undefined ? {} : { log }),
    })
    return page.gap ?? false
  }
  const gaps = async (log?: EventLog): Promise<number> => {
    const found = await Promise.all(Array.from({ length: 13 }, (_, after) => isGap(after, log)))
    // A reader that is further ahead missed no more.
    expect(found).toEqual([...found].sort((a, b) => Number(b) - Number(a)))
    return found.filter(Boolean).length
  }
  const pause = () => store.pauseQueue('q', byHand())
  // 1 2: operations, 3 to 5: transitions, 6 to 8: operations, 9 10: transitions, 11: operation, 12: transition.
  await pause()
  await pause()
  await store.enqueue([newRun(), newRun(), newRun()])
  for (let i = 0; i < 3; i++) await pause()
  await store.enqueue([newRun(), newRun()])
  await pause()
  await store.enqueue([newRun()])
  expect([await gaps('runs'), await gaps('operations'), await gaps()]).toEqual([0, 0, 0])
  await dropTransitions(5)
  expect([await gaps('runs'), await gaps('operations'), await gaps()]).toEqual([5, 0, 5])
  await dropTransitions(10)
  expect([await gaps('runs'), await gaps('operations'), await gaps()]).toEqual([10, 0, 10])
  await dropOperations(7)
  expect([await gaps('runs'), await gaps('operations'), await gaps()]).toEqual([10, 7, 10])
  await dropOperations(8)
  expect([await gaps('runs'), await gaps('operations'), await gaps()]).toEqual([10, 8, 10])
}
