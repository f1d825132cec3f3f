import { describe, expect, onTestFinished, test } from 'vitest'
import { Jobs } from '../../../runtime/client/client.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import { sharedRedisServer } from '../../support/redis/redis-server.ts'
import { embeddedStore } from '../../support/stores/embedded-store-kind.ts'
import { redisStore } from '../../support/stores/redis-store-kind.ts'
import { byHand, newRun, plainError } from '../../support/stores/store-inputs.ts'
import type { StoreUnderTest } from '../../support/stores/store-under-test.ts'
import { TestWorker } from '../../support/stores/test-worker.ts'

const kinds = [embeddedStore, redisStore('redis', async () => (await sharedRedisServer()).url)]
const jobs = (version: number) => [{ name: 'job', version, queue: 'default', digest: `${version}` }]

/** A store whose time a test moves, and a client that waits for nothing. */
async function open(kind: (typeof kinds)[number]): Promise<StoreUnderTest & { jobs: Jobs }> {
  const under = await kind.open()
  onTestFinished(() => under.close())
  const clock = { ...systemClock, after: (_: number, run: () => void) => systemClock.after(0, run) }
  return { ...under, jobs: new Jobs(under.store, parseStoreConfig('sqlite:x'), [], clock) }
}

async function idsOf(client: Jobs, options?: Parameters<Jobs['attention']>[0]): Promise<string[]> {
  return (await client.attention(options)).map(({ id }) => id)
}

describe.each(kinds)('$name', (kind) => {
  test('a working store has no findings', async () => {
    const { jobs: client, store } = await open(kind)
    expect(await idsOf(client)).toEqual([])
    const worker = await TestWorker.register(store)
    await store.enqueue([newRun()])
    await worker.claimOne()
    expect(await idsOf(client)).toEqual([])
  })

  test('a blocked run and a new failure name the deploy before them', async () => {
    const { jobs: client, store, advance, now } = await open(kind)
    await TestWorker.register(store, { jobs: jobs(1), draining: true, leaseMs: 3_600_000 })
    advance(60_000)
    const worker = await TestWorker.register(store, { jobs: jobs(2), leaseMs: 3_600_000 })
    await store.campaign('leader', worker.lease, 3_600_000)
    await store.enqueue([newRun({ id: 'one' }), newRun({ id: 'two' })])
    advance(40_000)
    const [one, two] = await worker.claim()
    if (one === undefined || two === undefined) throw new Error('two runs were to be claimed')
    await worker.settle(one, { kind: 'blocked', reason: "step 'pay' is stored as 'run'", digest: '2' })
    const mark = { fingerprint: 'f1:1', step: 'pay', name: 'TypeError', text: 'no sku', version: 2 }
    await worker.settle(two, { kind: 'failed', error: plainError, mark })
    const began = now()
    advance(10_000)
    const base = { since: began, severity: 'warning' }
    expect(await client.attention()).toMatchObject([
      {
        ...{
          ...base,
          id: 'blocked:job',
          next: 'durable-jobs explain one',
          filter: { job: 'job', states: ['blocked'] },
        },
        sentence: "1 run of 'job' is blocked: step 'pay' is stored as 'run' (run one).",
        nearby: expect.stringMatching(/^began 00:01:40 UTC, 40\.0 s after version 2 of 'job' started$/),
      },
      {
        ...{
          ...base,
          id: 'new-failure:f1:1',
          next: 'durable-jobs explain two',
          filter: { fingerprint: 'f1:1' },
        },
        sentence: "New since version 2 of 'job': step 'pay': TypeError: no sku; 1 run failed.",
      },
    ])
  })

  test('a backlog that grows for 10 minutes is found, and the limiter behind it', async () => {
    const { jobs: client, store, advance } = await open(kind)
    const worker = await TestWorker.register(store, { leaseMs: 36_000_000 })
    await store.defineLimiters(worker.lease, [
      { name: 'tenant', rule: { kind: 'concurrency', max: 1, everyMs: 0, refill: 0 } },
    ])
    const limits = [{ limiter: 'tenant', key: 'a', cost: 1, wholeRun: false }]
    for (let minute = 0; minute < 13; minute++) {
      await store.enqueue(Array.from({ length: 3 }, () => newRun(minute === 0 ? { limits } : {})))
      if (minute === 0) await worker.claim(1)
      advance(60_000)
      await worker.renew()
    }
    await store.setLimiter('tenant', { max: 1 }, byHand({ reason: 'calm down' }))
    const found = await client.attention()
    expect(found.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['growing-backlog:default', 'limiter:tenant']),
    )
    expect(found.find(({ kind: of }) => of === 'growing-backlog')?.sentence).toMatch(
      /^Queue 'default' is growing: from \d+ to 39 live runs in 10 min/,
    )
    expect(found.find(({ kind: of }) => of === 'limiter')).toMatchObject({
      severity: 'warning',
      sentence: expect.stringContaining(
        "is full for key 'a', 1 of 1 in use, as set by ana (calm down); 2 runs or steps",
      ),
    })
  })

  test('severities and mutes select the findings; unknown options are refused', async () => {
    const { jobs: client, store, advance, now } = await open(kind)
    await store.pauseQueue('default', byHand())
    await store.pauseQueue('later', byHand())
    await store.enqueue([newRun(), newRun({ queue: 'later', start: { kind: 'in', ms: 3_600_000 } })])
    advance(10_000)
    expect(await idsOf(client)).toEqual(['paused-queue:default', 'paused-queue:later'])
    expect(await idsOf(client, { severity: 'warning' })).toEqual(['paused-queue:default'])
    expect(await idsOf(client, { severity: 'critical' })).toEqual([])
    const until = await client.muteFinding('paused-queue:default', { for: '2h', by: 'ana', reason: 'known' })
    expect(until.getTime()).toBe(now() + 7_200_000)
    expect(await idsOf(client)).toEqual(['paused-queue:later'])
    expect(await client.attention({ muted: true })).toMatchObject([
      { muted: { finding: 'paused-queue:default', by: 'ana', reason: 'known', until: until.getTime() } },
      {},
    ])
    expect(await client.unmuteFinding('paused-queue:default')).toBe(true)
    expect(await idsOf(client)).toHaveLength(2)
    const refused = { code: 'INVALID_OPTIONS' }
    await expect(client.attention({ severity: 'bad' as 'notice' })).rejects.toMatchObject(refused)
    await expect(client.attention({ all: true } as object)).rejects.toMatchObject(refused)
    await expect(client.muteFinding('a', { for: '31d' })).rejects.toMatchObject(refused)
    await expect(client.muteFinding('a', {} as { for: '1s' })).rejects.toMatchObject(refused)
  })
})
