import { expect, test } from 'vitest'
import { SnapshotReader } from '../../../runtime/attention/snapshot-reader.ts'
import type { Run } from '../../../runtime/model/run.ts'
import type { Overview } from '../../../runtime/store/overview.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { snapshot, worker } from '../../support/snapshot.ts'

type Reads = ConstructorParameters<typeof SnapshotReader>[0]

/** A store that records the reads it got. */
function store(over: Partial<Overview>): { reads: string[]; store: Reads } {
  const reads: string[] = []
  const read = <T>(name: string, found: T): Promise<T> => {
    reads.push(name)
    return Promise.resolve(found)
  }
  return {
    reads,
    store: {
      overview: ({ range }) => read(`overview ${range}`, snapshot(over).overview),
      checks: (scope) => read(`checks ${scope}`, []),
      readyClasses: () => read('readyClasses', [{ queue: 'a', job: 'pay', version: 1 }]),
      limiterKeys: (name, limit) => read(`keys ${name} ${limit}`, []),
      runs: ({ states, job, limit }) =>
        read(`runs ${states} ${job} ${limit}`, {
          runs: states?.includes('ready') ? [{ changedAt: 7 } as Run] : [],
          ...{ cursor: '1', looked: 1 },
        }),
    },
  }
}

test('a healthy store is read once, its checks every 10 s', async () => {
  const { reads, store: quiet } = store({ counts: [{ queue: 'a', job: 'pay', state: 'running', count: 1 }] })
  const clock = new FakeClock()
  const reader = new SnapshotReader(quiet, clock)
  expect(await reader.read()).toEqual(
    snapshot({ counts: [{ queue: 'a', job: 'pay', state: 'running', count: 1 }] }),
  )
  clock.stopFor(9_999)
  await reader.read()
  expect(reads).toEqual(['overview 1h', 'checks quick', 'overview 1h'])
  clock.stopFor(1)
  await reader.read()
  expect(reads.slice(3)).toEqual(['overview 1h', 'checks quick'])
})

test('findings of the overview are read in more detail, a bounded number of times', async () => {
  const limiters = Array.from({ length: 12 }, (_, n) => ({
    ...{
      name: `limiter ${n}`,
      rule: { kind: 'concurrency', max: 1, everyMs: 0, refill: 0 },
      keys: 1,
      waiting: n,
    },
  })) as Overview['limiters']
  const blocked = Array.from({ length: 12 }, (_, n) => ({
    queue: 'a',
    job: `job ${n % 11}`,
    state: 'blocked',
    count: 1,
  }))
  const counts = [...blocked, { queue: 'a', job: 'pay', state: 'ready', count: 2 }] as Overview['counts']
  const { reads, store: busy } = store({ counts, limiters })
  const {
    classes,
    blocked: samples,
    longestUnserved,
  } = await new SnapshotReader(busy, new FakeClock()).read()
  expect(classes).toHaveLength(1)
  expect(samples[0]).toEqual({ job: 'job 0', runs: [], complete: false })
  expect(reads.filter((read) => read.startsWith('keys'))).toEqual(
    Array.from({ length: 10 }, (_, i) => `keys limiter ${11 - i} 3`),
  )
  expect(reads.filter((read) => read.startsWith('runs'))).toEqual([
    ...Array.from({ length: 10 }, (_, i) => `runs blocked job ${i} 20`),
    ...Array.from({ length: 5 }, (_, i) => `runs ready,waiting job ${i} 1`),
  ])
  expect(longestUnserved).toHaveLength(5)
  expect(longestUnserved[0]).toEqual({ queue: 'a', job: 'job 0', since: 7 })
})

test('runs that need protection are read only while no worker claims any, a bounded number of them', async () => {
  const names = Array.from({ length: 6 }, (_, n) => `job ${n}`)
  const versions = Object.fromEntries(names.map((name) => [name, 1]))
  const counts = [{ queue: 'a', job: 'job 0', state: 'ready', count: 2 }] as const
  const classes = names.flatMap((job) =>
    [1, 2].map((version) => ({ queue: 'a', job, version, protect: true }) as const),
  )
  const read = async (over: Partial<Overview>): Promise<string[]> => {
    const { reads, store: found } = store({ counts, ...over })
    await new SnapshotReader({ ...found, readyClasses: async () => classes }, new FakeClock()).read()
    return reads.filter((one) => one.startsWith('runs ready job'))
  }
  const waits = worker('w', versions)
  expect(await read({ workers: [waits] })).toEqual(
    Array.from({ length: 5 }, (_, n) => `runs ready job ${n} 20`),
  )
  expect(await read({ workers: [waits], cut: ['workers'] })).toEqual([])
  expect(await read({ workers: [waits, worker('holder', versions, { protectedRuns: 'takes' })] })).toEqual([])
})
