import { expect } from 'vitest'
import type { Store } from '../../runtime/store/store.ts'

/** The counters equal a count of all runs. */
export async function expectRightCounters(store: Store): Promise<void> {
  const counted = new Map<string, number>()
  let cursor: string | undefined
  do {
    const page = await store.runs({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) })
    for (const { queue, job, state } of page.runs) {
      const key = `${queue} ${job} ${state}`
      counted.set(key, (counted.get(key) ?? 0) + 1)
    }
    cursor = page.cursor
  } while (cursor !== undefined)
  const counters = (await store.counts()).map(({ queue, job, state, count }) => [
    `${queue} ${job} ${state}`,
    count,
  ])
  expect(Object.fromEntries(counters)).toEqual(Object.fromEntries(counted))
}
