import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { RedisServer, sharedRedisServer } from '../support/redis/redis-server.ts'
import { done, failure, newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { ReplyingProxy } from './replying-proxy.ts'

describe('an error of the server', () => {
  let proxy: ReplyingProxy
  let store: Store
  beforeEach(async () => {
    proxy = await ReplyingProxy.start((await sharedRedisServer()).port)
    store = await openStore(parseStoreConfig({ url: proxy.url, namespace: `errors-${randomUUID()}` }))
  })
  afterEach(async () => {
    await store.close()
    await proxy.close()
  })

  const passing = [
    'LOADING Redis is loading the dataset in memory',
    'BUSY Redis is busy running a script.',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'CLUSTERDOWN The cluster is down',
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'NOREPLICAS Not enough good replicas to write.',
    'UNBLOCKED force unblock from blocking operation',
    "READONLY You can't write against a read only replica.",
    'NOSCRIPT No matching script. Please use EVAL.',
    'ERR user_script:1: READONLY You can’t write against a read only replica. script: 1, on @user_script:1.',
  ]
  for (const error of passing) {
    test(`${error.split(' ').slice(0, 3).join(' ')}: retried until it is over`, async () => {
      const run = newRun()
      proxy.answer(error, error)
      expect(await store.enqueue([run])).toEqual([{ outcome: 'created', id: run.id }])
      expect(proxy.given).toBe(error.startsWith('NOSCRIPT') ? 1 : 2)
      proxy.answer()
      expect(await store.run(run.id)).toMatchObject({ state: 'ready' })
    })
  }

  test('that says that this is a replica: the next try uses a new connection', async () => {
    const before = proxy.accepted
    proxy.answer("READONLY You can't write against a read only replica.")
    await store.enqueue([newRun()])
    expect(proxy.accepted).toBeGreaterThan(before)
  })

  test('of a cluster that serves nothing yet: unavailable, and no endless wait', async () => {
    const node = await RedisServer.start({ cluster: true })
    try {
      await expect(openStore(parseStoreConfig(node.url))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    } finally {
      await node.remove()
    }
  }, 20_000)

  const lasting = [
    ['OOM command not allowed when used memory > maxmemory.', 'STORE_FULL', /maxmemory/],
    ['MISCONF Redis is configured to save RDB snapshots', 'STORE_UNAVAILABLE', /can't save to its disk/],
    ['NOPERM this user has no permissions to run the command', 'STORE_UNAVAILABLE', /docs\/redis\.md/],
    ['NOAUTH Authentication required.', 'STORE_UNAVAILABLE', /password/],
  ] as const
  for (const [error, code, message] of lasting) {
    test(`${error.split(' ')[0]}: rejected at once by name, with what to do`, async () => {
      const run = newRun()
      proxy.answer(error)
      await expect(store.enqueue([run])).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      })
      expect(proxy.given).toBe(1)
      expect(await store.enqueue([run])).toEqual([{ outcome: 'created', id: run.id }])
    })
  }

  /** Three callers that share a trip. */
  const three = () => {
    const runs = [newRun(), newRun(), newRun()]
    return { runs, ends: Promise.allSettled(runs.map((run) => store.enqueue([run]))) }
  }

  test('that rejects a shared trip: its calls are sent singly, and only the rejected one fails', async () => {
    proxy.answer('OOM command not allowed', 'OOM command not allowed')
    const { runs, ends } = three()
    expect(await ends).toMatchObject([
      { status: 'rejected', reason: { code: 'STORE_FULL' } },
      { status: 'fulfilled', value: [{ outcome: 'created', id: runs[1]?.id }] },
      { status: 'fulfilled', value: [{ outcome: 'created', id: runs[2]?.id }] },
    ])
    expect(proxy.given).toBe(2)
  })

  test('that affects every call rejects all callers of a shared trip at once', async () => {
    proxy.answer('MISCONF Redis is configured to save RDB snapshots')
    const { ends } = three()
    const unavailable = { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE', kind: 'not saving' } }
    expect(await ends).toMatchObject([unavailable, unavailable, unavailable])
    expect(proxy.given).toBe(1)
  })

  test('that is transient: each caller of a shared trip retries', async () => {
    proxy.answer('LOADING Redis is loading the dataset in memory')
    const { runs, ends } = three()
    const created = runs.map(({ id }) => ({ status: 'fulfilled', value: [{ outcome: 'created', id }] }))
    expect(await ends).toEqual(created)
    expect(proxy.given).toBe(1)
  })

  test('that lasts too long: unavailable, with the outcome reported', async () => {
    proxy.answer(...Array<string>(1_000).fill('BUSY Redis is busy running a script.'))
    await expect(store.enqueue([newRun()])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/BUSY.*repeat it with the same id/),
    })
  })
})

test.each([
  ['values', done('one')],
  ['failures', failure('broken')],
])('a record of %s that the server refuses: earlier records are stored, once', async (_, record) => {
  const server = await sharedRedisServer()
  const namespace = `errors-${randomUUID()}`
  const store = await openStore(parseStoreConfig({ url: server.url, namespace }))
  onTestFinished(() => store.close())
  const worker = await TestWorker.register(store)
  await store.enqueue([newRun(), newRun(), newRun()])
  const [a, b, c] = [await worker.claimOne(), await worker.claimOne(), await worker.claimOne()]
  await server.command('SET', `{${namespace}}:journal:${b.id}`, 'no list')
  const entries = [a, b, c].map((run) => worker.checkpoint(run, record))
  await expect(worker.send(...entries)).rejects.toThrow('WRONGTYPE')
  // Entry by entry, as a worker continues (R24).
  const replies = entries.map((entry) => worker.send(entry).catch(() => 'refused'))
  expect(await Promise.all(replies)).toEqual([[{ kind: 'stored' }], 'refused', [{ kind: 'stored' }]])
  expect(await worker.append(a, done('two'))).toEqual([{ kind: 'stored' }])
  const journal = await store.journal(a.id, { after: 0, limit: 10 })
  expect(journal.map(({ position }) => position)).toEqual([1, 2])
})
