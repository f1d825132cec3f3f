import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { openStore, type StoreDeps } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { connect } from '../../sdk/index.ts'
import { aclUser, documentedRules } from '../support/redis/acl-rule.ts'
import { dumpNamespace } from '../support/redis/namespace-dump.ts'
import { RedisCluster } from '../support/redis/redis-cluster.ts'
import { type RedisServer, sharedRedisServer } from '../support/redis/redis-server.ts'
import { everyAction, everyRead, type Known, populate } from '../support/stores/every-call.ts'
import { newRun } from '../support/stores/store-inputs.ts'

const password = 'secret'
const lazily = { prepare: 'at first write' } as const

async function opened(url: string, namespace: string, deps: StoreDeps = lazily): Promise<Store> {
  const store = await openStore(parseStoreConfig({ url, namespace }), deps)
  onTestFinished(() => store.close())
  return store
}

/** A server with a namespace that holds something of everything, and the address of a user of it. */
async function populated(server: RedisServer, url: string = server.url) {
  const namespace = `reads-${randomUUID()}`
  let elapsed = 0
  const clock = { storeNow: () => Date.UTC(2026, 0, 1) + elapsed, storeElapsed: () => elapsed }
  const store = await opened(url, namespace, clock)
  const known = await populate(store, (ms) => {
    elapsed += ms
  })
  const user = async (rule: 'act' | 'read' | 'read62', nodes: readonly RedisServer[] = [server]) => {
    const name = `${rule}-${namespace}`
    const urls = await Promise.all(
      nodes.map((node) => {
        const more = nodes.length > 1 ? ['+cluster|slots', '+cluster|info'] : []
        return aclUser(node, {
          user: name,
          namespace,
          rule: [...documentedRules(namespace, password)[rule], ...more],
        })
      }),
    )
    return opened(urls[0] ?? '', namespace, { ...lazily, ...clock })
  }
  return { namespace, known, user, clock, dump: () => dumpNamespace(server, namespace) }
}

async function readAll(store: Store, known: Known): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const [name, read] of Object.entries(everyRead)) {
    found[name] = await Promise.resolve(read(store, known)).catch((error: unknown) => {
      throw new Error(`${name} fails`, { cause: error })
    })
  }
  return found
}

/** The refusal of each action; actions that are not refused are omitted. */
async function refusals(
  store: Store,
  known: Known,
): Promise<Record<string, { kind: string; message: string }>> {
  const found: Record<string, { kind: string; message: string }> = {}
  for (const [name, act] of Object.entries(everyAction)) {
    await act(store, known).catch((error) => {
      found[name] = error
    })
  }
  return found
}

describe('opening and reading', () => {
  test('write nothing, whatever permissions the user has', async () => {
    const server = await sharedRedisServer()
    const { namespace, known, dump, clock } = await populated(server)
    const before = await dump()
    const store = await opened(server.url, namespace, { ...lazily, ...clock })
    await readAll(store, known)
    expect(await dump()).toEqual(before)
  })

  test('create no namespace: the first write does', async () => {
    const server = await sharedRedisServer()
    const namespace = `none-${randomUUID()}`
    await using jobs = await connect({ url: server.url, namespace })
    const message = expect.stringMatching(
      /^there is no store in namespace 'none-.* start a worker, which makes it$/,
    )
    for (const read of [jobs.inspector.queues(), jobs.inspector.history('a'), jobs.explain('a')])
      await expect(read).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', kind: 'missing', message })
    expect(await dumpNamespace(server, namespace)).toEqual({})

    await jobs.pauseQueue('mails')
    expect(await jobs.inspector.queues()).toMatchObject([{ name: 'mails', paused: {} }])
  })

  test('work in a namespace that another client created meanwhile', async () => {
    const { url } = await sharedRedisServer()
    const namespace = `late-${randomUUID()}`
    const store = await opened(url, namespace)
    await expect(store.queues()).rejects.toMatchObject({ kind: 'missing' })
    await (await opened(url, namespace)).enqueue([newRun()])
    expect(await store.queues()).toMatchObject([{ counts: { ready: 1 } }])
  })
})

describe('a user that may only read', () => {
  test('reads everything any other user does, and every action says what is missing and changes nothing', async () => {
    const { known, user, dump } = await populated(await sharedRedisServer())
    const [viewer, actor] = [await user('read'), await user('act')]
    const before = await dump()
    const { checks, ...read } = await readAll(viewer, known)
    const { checks: _, ...expected } = await readAll(actor, known)
    expect(read).toEqual(expected)
    const found = 'run, with struct, cmsgpack and TIME; this user may only read'
    expect(checks).toContainEqual({ name: 'scripts', verdict: 'fine', found })

    const refused = await refusals(viewer, known)
    expect(Object.keys(refused)).toEqual(Object.keys(everyAction))
    const message = expect.stringMatching(
      /this user may not run the command 'evalsha'; grant \+evalsha; the rules of docs\/redis\.md/,
    )
    for (const error of Object.values(refused)) expect(error).toMatchObject({ kind: 'forbidden', message })
    expect(await dump()).toEqual(before)
  })

  test('is notified of changes', async () => {
    const server = await sharedRedisServer()
    const { namespace, user, clock } = await populated(server)
    const viewer = await user('read')
    // The first hint shows that the channel is subscribed.
    const hints: (() => void)[] = []
    const hint = (): Promise<void> => new Promise((resolve) => hints.push(resolve))
    const heard = hint()
    viewer.onChange(() => hints.shift()?.())
    await heard
    const changed = hint()
    await (await opened(server.url, namespace, clock)).enqueue([newRun()])
    await changed
  })

  test('with the rule for Redis 6.2 does so too', async () => {
    const { known, user, dump } = await populated(await sharedRedisServer())
    const viewer = await user('read62')
    const before = await dump()
    await readAll(viewer, known)
    const refused = await refusals(viewer, known)
    expect(Object.keys(refused)).toEqual(Object.keys(everyAction))
    for (const [name, error] of Object.entries(refused)) {
      expect(error, name).toMatchObject({ kind: 'forbidden' })
      expect(error.message, name).toMatch(/this user may not run (the command '\w+'; grant \+|a command)/)
    }
    expect(refused.resign?.message).toContain("this user may not run the command 'hdel'; grant +hdel")
    expect(await dump()).toEqual(before)
  })

  test('gets an error that names the missing keys and channels', async () => {
    const server = await sharedRedisServer()
    const { namespace } = await populated(server)
    const rule = (without: RegExp): string[] =>
      documentedRules(namespace, password).act.filter((part) => !without.test(part))
    const keyless = await aclUser(server, { user: `keyless-${namespace}`, namespace, rule: rule(/^~/) })
    await expect(opened(keyless, namespace)).rejects.toMatchObject({
      kind: 'forbidden',
      message: expect.stringContaining(`grant ~{${namespace}}:*, or %R~{${namespace}}:* to read only`),
    })
    const deaf = await aclUser(server, { user: `deaf-${namespace}`, namespace, rule: rule(/^&/) })
    const checks = await (await opened(deaf, namespace)).checks()
    expect(checks.find(({ name }) => name === 'scripts')).toMatchObject({
      verdict: 'fault',
      found: expect.stringContaining(`grant &{${namespace}}:*`),
    })
  })

  test('whose rule is older than EVALSHA_RO reads all the same', async () => {
    const server = await sharedRedisServer()
    const { namespace, known, clock } = await populated(server)
    const rule = documentedRules(namespace, password).act.filter((part) => !part.endsWith('_ro'))
    const url = await aclUser(server, { user: `older-${namespace}`, namespace, rule })
    await readAll(await opened(url, namespace, clock), known)
  })
})

test('a user that acts may do everything under the documented rule', async () => {
  const server = await sharedRedisServer()
  for (const [name, act] of Object.entries(everyAction)) {
    const { known, user, dump } = await populated(server)
    const actor = await user('act')
    const before = await dump()
    await act(actor, known).catch((cause: unknown) => {
      throw new Error(`${name} is refused`, { cause })
    })
    if (!changesNothing.has(name)) expect(await dump(), name).not.toEqual(before)
  }
})

/** Of a healthy store. */
const changesNothing = new Set([
  ...['reconcile', 'reportCut', 'explainLoss', 'reclaimStopped', 'defineLimiters', 'correctCost'],
  'dueSchedules',
])

describe('in a cluster', () => {
  let cluster: RedisCluster | undefined
  afterAll(() => cluster?.remove())

  test('a user that may only read reads everything, and can’t act either', async () => {
    cluster = await RedisCluster.start()
    const [node] = cluster.nodes
    if (node === undefined) throw new Error('a cluster has nodes')
    const { known, user } = await populated(node)
    const viewer = await user('read', cluster.nodes)
    await readAll(viewer, known)
    const refused = await refusals(viewer, known)
    expect(Object.keys(refused)).toEqual(Object.keys(everyAction))
    for (const error of Object.values(refused)) expect(error.message).toContain("the command 'evalsha'")
  })
})
