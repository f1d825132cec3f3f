import { expect } from 'vitest'
import type { NewRun } from '../../../runtime/store/new-run.ts'
import type { ClaimedRun } from '../../../runtime/store/store.ts'
import { newRun } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

const names = Array.from({ length: 30 }, (_, i) => `queue-${i}`)

function oneOfEach(): NewRun[] {
  return names.map((queue) => newRun({ queue }))
}

function times(length: number, value: number): number[] {
  return Array.from({ length }, () => value)
}

/** How many of the runs each queue has given, the most first. */
function perQueue(runs: readonly ClaimedRun[]): number[] {
  const given = new Map<string, number>()
  for (const { queue } of runs) given.set(queue, (given.get(queue) ?? 0) + 1)
  return [...given.values()].sort((a, b) => b - a)
}

async function empty(worker: TestWorker): Promise<void> {
  for (;;) {
    const { runs } = await worker.claimReply(20)
    if (runs.length === 0) return
    await worker.send(...runs.map((run) => worker.settlement(run, completed)))
  }
}

/** A claim need not read all queues to serve each in rotation, nor reread those that it found empty. */
export function manyQueuesContract(open: Open): void {
  contractTest(open, 'each of many queues has its turn', async ({ store, worker }) => {
    await store.enqueue([...oneOfEach(), ...oneOfEach()])
    const first = await worker()
    const some = await first.claimReply(40)
    expect(perQueue(some.runs)).toEqual([...times(10, 2), ...times(20, 1)])
    expect(some.more).toBe(true)
    const rest = await first.claimReply(20)
    expect(perQueue(rest.runs)).toEqual(times(20, 1))
    expect(rest.more).toBe(false)
  })

  contractTest(open, 'claims of one run each begin at different queues', async ({ store, worker }) => {
    await store.enqueue([...oneOfEach(), ...oneOfEach()])
    const first = await worker()
    const runs: ClaimedRun[] = []
    while (runs.length < names.length) runs.push(await first.claimOne())
    expect(perQueue(runs)).toEqual(times(names.length, 1))
  })

  contractTest(
    open,
    'a queue with more than its share fills the slots that others leave',
    async (contract) => {
      const { store, worker } = contract
      const many = Array.from({ length: 50 }, () => newRun({ queue: 'queue-7' }))
      await store.enqueue([...oneOfEach(), ...many])
      const answer = await (await worker()).claimReply(60)
      expect(perQueue(answer.runs)).toEqual([31, ...times(29, 1)])
      expect(answer.more).toBe(true)
      const given = answer.runs.filter(({ queue }) => queue === 'queue-7').map(({ id }) => id)
      expect(given.slice(1)).toEqual(many.slice(0, 30).map(({ id }) => id))
    },
  )

  contractTest(open, 'runs of one queue are found among many that are empty', async (contract) => {
    const { store, worker } = contract
    const first = await worker()
    await store.enqueue(oneOfEach())
    await empty(first)
    for (const queue of ['queue-29', 'queue-0', 'queue-13', 'new']) {
      const run = newRun({ queue })
      await store.enqueue([run])
      expect(await first.claimReply(5)).toMatchObject({ runs: [{ id: run.id }], more: false })
    }
    expect((await first.claimReply(5)).runs).toEqual([])
    await store.enqueue(oneOfEach())
    expect(perQueue(await first.claim(40))).toEqual(times(names.length, 1))
  })

  contractTest(
    open,
    'runs that a claim leaves beside many empty queues go to the next claim',
    async (contract) => {
      const { store, worker } = contract
      const first = await worker()
      await store.enqueue(oneOfEach())
      const held = await first.claim(40)
      await first.send(...held.map((run) => first.settlement(run, completed)))
      const runs = Array.from({ length: 9 }, () => newRun({ queue: 'queue-20' }))
      await store.enqueue(runs)
      const answer = await first.claimReply(5)
      expect(answer.runs.map(({ id }) => id)).toEqual(runs.slice(0, 5).map(({ id }) => id))
      expect(answer.more).toBe(true)
      expect((await first.claim(40)).map(({ id }) => id)).toEqual(runs.slice(5).map(({ id }) => id))
    },
  )

  contractTest(open, 'a run that returns to a queue found empty is claimed', async (contract) => {
    const { store, worker } = contract
    const first = await worker()
    await store.enqueue(oneOfEach())
    const held = await first.claim(40)
    expect((await first.claimReply(40)).runs).toEqual([])
    await first.send(...held.map((run) => first.settlement(run, { kind: 'released' })))
    const [again, other] = [await first.claim(15), await (await worker()).claim(40)]
    expect([...again, ...other].map(({ id }) => id).sort()).toEqual(held.map(({ id }) => id).sort())
  })

  contractTest(open, 'a claim takes runs that it settles beside empty queues', async (contract) => {
    const { store, worker } = contract
    const first = await worker()
    await store.enqueue(oneOfEach())
    const [kept, ...others] = await first.claim(40)
    if (kept === undefined) throw new Error('a run was to be claimed')
    await first.send(...others.map((run) => first.settlement(run, completed)))
    const answer = await first.claimReply(40, [first.settlement(kept, { kind: 'released' })])
    expect(answer.runs.map(({ id }) => id)).toEqual([kept.id])
  })

  contractTest(
    open,
    'jobs of one queue are claimed in one order, however far a claim reads',
    async ({ store, worker }) => {
      const jobs = ['a', 'b', 'c'].map((name) => ({ name, version: 1, queue: 'mixed', digest: name }))
      // The best runs are spread unevenly over the jobs.
      const mixed = Array.from({ length: 45 }, (_, i) =>
        newRun({ queue: 'mixed', job: i < 20 ? 'a' : i % 2 === 0 ? 'b' : 'c', priority: 45 - i }),
      )
      const others = names.slice(0, 8).map((queue) => newRun({ queue, job: 'a' }))
      await store.enqueue([...mixed].reverse())
      await store.enqueue(others)
      const runs = await (await worker({ jobs })).claim(40)
      expect(runs).toHaveLength(40)
      expect(runs.filter(({ queue }) => queue === 'mixed').map(({ id }) => id)).toEqual(
        mixed.slice(0, 32).map(({ id }) => id),
      )
    },
  )

  contractTest(open, 'strict order holds with many queues, too', async ({ store, worker }) => {
    await store.enqueue([...oneOfEach(), ...oneOfEach()])
    const queues = [...names].reverse()
    const first = await worker({ queues, queueOrder: 'strict' })
    const answer = await first.claimReply(5)
    const [a, b, c] = queues
    expect(answer.runs.map(({ queue }) => queue)).toEqual([a, a, b, b, c])
    expect(answer.more).toBe(true)
    expect(await first.claimReply(60)).toMatchObject({ more: false })
  })
}
