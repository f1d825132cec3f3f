import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { openStore, type StoreDeps } from '../../runtime/store/open-store.ts'
import { type ScriptName, scriptOf } from '../../runtime/store/redis/script.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { FaultProxy, type Picks } from '../support/redis/fault-proxy.ts'
import { dumpNamespace } from '../support/redis/namespace-dump.ts'
import { type RedisServer, sharedRedisServer } from '../support/redis/redis-server.ts'
import { done, newRun, sleepDone, waiting } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { repeatedCalls as callsOfRuns, type Prepared, type RepeatedCall } from './repeated-calls.ts'
import { repeatedLimitCalls } from './repeated-limit-calls.ts'
import { repeatedScheduleCalls } from './repeated-schedule-calls.ts'

const now = Date.UTC(2026, 0, 1)
const repeatedCalls = [...callsOfRuns, ...repeatedScheduleCalls, ...repeatedLimitCalls]

type Stage = Line & Prepared

interface Line {
  readonly server: RedisServer
  readonly proxy: FaultProxy
  readonly namespace: string
  /** Two connections, one of them with the proxy in between. */
  readonly calm: Store
  readonly faulty: Store
}

async function connected(deps: StoreDeps = {}): Promise<Line> {
  const server = await sharedRedisServer()
  const proxy = await FaultProxy.start(server.port)
  onTestFinished(() => proxy.close())
  const namespace = `repeated-${randomUUID()}`
  const open = async (url: string): Promise<Store> => {
    const store = await openStore(parseStoreConfig({ url, namespace }), deps)
    onTestFinished(() => store.close())
    return store
  }
  return { server, proxy, namespace, calm: await open(server.url), faulty: await open(proxy.url) }
}

/** A call that is about to be made, in a namespace whose time does not advance. */
async function stage({ prepare }: RepeatedCall): Promise<Stage> {
  const line = await connected({ storeNow: () => now })
  return { ...line, ...(await prepare(line.calm, line.faulty)) }
}

function executionOf(name: ScriptName): Picks {
  const { sha, source } = scriptOf(name)
  return ([command, script]) =>
    (command?.toUpperCase() === 'EVALSHA' && script === sha) || (command === 'EVAL' && script === source)
}

// A server that has to be sent the source would reply to two requests.
beforeAll(async () => {
  const server = await sharedRedisServer()
  const names = new Set(repeatedCalls.map(({ script }) => script))
  for (const name of names) await server.command('SCRIPT', 'LOAD', scriptOf(name).source)
})

test.each(repeatedCalls)('$name: a cut reply changes neither the effect nor the result', async (call) => {
  const calm = await stage(call)
  const first = await calm.call()
  const faulty = await stage(call)
  faulty.proxy.cutReplies(1, executionOf(call.script))
  const answer = call.repeatReplies?.(first) ?? first
  expect(await faulty.call()).toEqual(answer)
  expect(faulty.proxy.hits.cutReplies).toBe(1)
  expect(await dumpNamespace(faulty.server, faulty.namespace)).toEqual(
    await dumpNamespace(calm.server, calm.namespace),
  )
})

test.each(repeatedCalls)(
  '$name: the first call, delivered after newer requests, changes nothing',
  async (call) => {
    const { call: make, newer, proxy, server, namespace } = await stage(call)
    const moment = Promise.withResolvers<void>()
    const late = proxy.holdBack(moment.promise, executionOf(call.script))
    await make()
    await newer()
    const before = await dumpNamespace(server, namespace)
    moment.resolve()
    expect(await late).toHaveLength(1)
    expect(await dumpNamespace(server, namespace)).toEqual(before)
  },
)

test('a record that was refused as early and arrives late does not replace another one', async () => {
  const { calm, faulty, proxy } = await connected()
  await calm.enqueue([newRun({ id: 'one' })])
  const worker = await TestWorker.register(faulty)
  const run = await worker.claimOne()
  await worker.append(run, waiting('nap', 100))
  const moment = Promise.withResolvers<void>()
  const late = proxy.holdBack(moment.promise, executionOf('append'))
  const [early] = await worker.send(worker.checkpoint(run, sleepDone('nap', 1), 2))
  if (early?.kind !== 'early') throw new Error(`the nap ended too late for this test: ${early?.kind}`)
  await wait(early.remainingMs + 5)
  moment.resolve()
  expect(await late).toHaveLength(1)
  // Another step has ended meanwhile: it is handed in at the place that was free again.
  const answers = await worker.send(worker.checkpoint(run, done('other'), 2))
  const stored = (await calm.journal(run.id, { after: 0, limit: 10 })).map(({ path }) => path)
  expect({ answers, stored }).toEqual({ answers: [{ kind: 'gap' }], stored: ['nap', 'nap'] })
})
