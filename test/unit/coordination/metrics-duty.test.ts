import { expect, onTestFinished, test } from 'vitest'
import type { DutyTerm } from '../../../runtime/coordination/duty.ts'
import { MetricsDuty } from '../../../runtime/coordination/metrics-duty.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import { openStore } from '../../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import { expectEmf } from '../../support/expect-emf.ts'
import { openFixture } from '../../support/fixture.ts'
import { newRun } from '../../support/stores/store-inputs.ts'
import { TestWorker } from '../../support/stores/test-worker.ts'

/** Plays terms of a leader whose clock moves only by its pauses. */
async function play(stopAfter: number) {
  const store = await openStore(parseStoreConfig((await openFixture()).store))
  onTestFinished(() => store.close())
  const worker = await TestWorker.register(store, { queues: ['a'] })
  await store.enqueue([newRun({ queue: 'a' }), newRun({ queue: 'b' }), newRun({ queue: 'b' })])
  await worker.claimOne()
  let wall = Date.UTC(2026, 0, 1, 12, 0, 30)
  const printed: { readonly at: number; readonly line: string }[] = []
  const duty = new MetricsDuty(store, {
    clock: { ...systemClock, now: () => wall },
    namespace: 'shop',
    print: (line) => void printed.push({ at: wall, line }),
  })
  const pauses: number[] = []
  const over = new AbortController()
  const term: DutyTerm = {
    ...{ signal: over.signal, fence: 1 },
    beat: () => undefined,
    pause: async (ms) => {
      pauses.push(ms)
      wall += ms
      if (pauses.length === stopAfter) over.abort()
    },
  }
  await duty.work(term)
  return { printed, pauses }
}

test('the leader prints a line of the fleet and one per queue, when its term begins and every full minute', async () => {
  const { printed, pauses } = await play(6)
  const second = (n: number) => Date.UTC(2026, 0, 1, 12, 0, n)
  const fleet = printed.filter(({ line }) => !('Queue' in expectEmf(line)))
  expect(fleet.map(({ at }) => at)).toEqual([second(30), second(60), second(120)])
  const queues = printed.slice(0, 3).map(({ line }) => expectEmf(line))
  expect(queues).toMatchObject([
    { Ready: 2, BusySlots: 1, Slots: 10, Workers: 1, Utilization: 30 },
    { Queue: 'b', Ready: 2 },
    { Queue: 'a', Ready: 0, Running: 1 },
  ])
  // Its beats are closer together than the time after which a duty counts as dead.
  expect(pauses).toEqual([20_000, 10_000, 20_000, 20_000, 20_000, 20_000])
})
