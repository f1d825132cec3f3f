import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { Keys } from '../../runtime/store/redis/keys.ts'
import type { StoreOpener } from '../../runtime/worker/worker.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { FaultProxy } from '../support/redis/fault-proxy.ts'
import { RedisServer, type RedisServerOptions, sharedRedisServer } from '../support/redis/redis-server.ts'
import { Crew } from './crew.ts'
import { Load } from './load.ts'
import { Relay } from './relay.ts'
import { findViolations } from './violations.ts'

const seconds = provingNumber('DURABLE_JOBS_PROVE_FAULT_SECONDS', 5)
const inFull = seconds >= 60
const patienceMs = 300_000 + 2 * seconds * 1_000
const hourMs = 3_600_000

async function started(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await RedisServer.start(options)
  onTestFinished(() => server.remove())
  return server
}

async function relayTo(server: RedisServer): Promise<Relay> {
  const relay = await Relay.start(server.port)
  onTestFinished(() => relay.close())
  return relay
}

/** How far a server has come in the history of writes. */
async function offsetOf(server: RedisServer): Promise<number> {
  const info = String(await server.command('INFO', 'replication'))
  return Number(/master_repl_offset:(\d+)/.exec(info)?.[1])
}

/** All runs of the load ended as they should, and no worker was declared dead. */
async function expectUntouched(crew: Crew, load: Load): Promise<void> {
  await load.stop()
  await load.results()
  expect(await crew.violations(load.ids)).toEqual([])
  expect(await crew.losses(load.ids)).toBe(0)
}

/** As many runs as slots, all inside a body that runs until the gate opens. */
async function heldRuns(crew: Crew, count: number) {
  const handles = await Promise.all(
    Array.from({ length: count }, () => crew.client.enqueue(crew.jobs.held, undefined)),
  )
  await crew.bodyLog.until(() => crew.bodyLog.count('start', undefined, 'held') === count)
  return {
    /** Lets them end; each has run its steps once, and in the same slot. */
    expectUntouched: async (): Promise<void> => {
      crew.gate.open()
      await Promise.all(handles.map((handle) => handle.result({ timeout: '2m' })))
      const ids = handles.map(({ id }) => id)
      expect(await crew.violations(ids)).toEqual([])
      expect(await crew.losses(ids)).toBe(0)
      expect(crew.bodyLog.count('start')).toBe(3 * count)
    },
  }
}

test(
  'SCRIPT FLUSH under load has no visible effect',
  async () => {
    const server = await started()
    const crew = await Crew.open(server.url)
    for (let i = 0; i < 2; i++) await crew.hire(server.url)
    const load = new Load(crew)
    for (let flushes = 0; flushes < 50; flushes++) {
      await server.command('SCRIPT', 'FLUSH')
      await crew.bodyLog.times('settled', flushes)
    }
    await expectUntouched(crew, load)
  },
  patienceMs,
)

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a server restart after %s under load causes no loss',
  async (signal) => {
    // An acknowledged write is in the file, even if the server is killed between two syncs.
    const server = await started({ appendOnly: true, config: { appendfsync: 'always' } })
    const crew = await Crew.open(server.url)
    for (let i = 0; i < 2; i++) await crew.hire(server.url)
    const load = new Load(crew)
    await crew.bodyLog.times('settled', 60)
    await (signal === 'SIGKILL' ? server.kill() : server.stop())
    await wait(inFull ? 15_000 : 300)
    await server.restart()
    await crew.bodyLog.times('settled', crew.bodyLog.count('settled') + 100)
    await expectUntouched(crew, load)
  },
  patienceMs,
)

test(
  'a server that stalls for longer than a lease causes no loss',
  async () => {
    const server = await started()
    const crew = await Crew.open(server.url)
    const lease = inFull ? '10s' : '1s'
    for (let i = 0; i < 2; i++) await crew.hire(server.url, { concurrency: 5, lease })
    const held = await heldRuns(crew, 10)
    server.pause()
    await wait(inFull ? 60_000 : 3_000)
    server.resume()
    // As long as the lease that every worker got for the time in which none could renew.
    await wait(inFull ? 12_000 : 1_500)
    await held.expectUntouched()
  },
  patienceMs,
)

test(
  'a network outage of all processes causes no loss',
  async () => {
    const server = await sharedRedisServer()
    const proxies = await Promise.all(Array.from({ length: 3 }, () => FaultProxy.start(server.port)))
    onTestFinished(async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()))
    })
    const crew = await Crew.open(server.url)
    for (const proxy of proxies) await crew.hire(proxy.url, { concurrency: 3 })
    const held = await heldRuns(crew, 9)
    // A lease thread that could not connect at first is another test's.
    const beats = new Keys(crew.namespace).of('beats')
    await expect.poll(() => server.command('HLEN', beats)).toBe(6)
    for (const proxy of proxies) {
      proxy.refuse()
      proxy.dropAll()
    }
    await wait(inFull ? 60_000 : 1_000)
    for (const proxy of proxies) proxy.accept()
    // Each has a connection for calls, one for wake-ups and its lease thread's own.
    const connections = () => proxies.map((proxy) => proxy.connections)
    await expect.poll(connections).toEqual([3, 3, 3])
    await wait(500)
    await held.expectUntouched()
  },
  patienceMs,
)

test(
  'a clock that jumps an hour ahead and back causes no loss',
  async () => {
    const relay = await relayTo(await sharedRedisServer())
    const crew = await Crew.open(relay.url)
    for (let i = 0; i < 2; i++) await crew.hire(relay.url, { concurrency: 5, lease: '600ms' })
    const held = await heldRuns(crew, 10)
    const before = Date.now()
    relay.shiftMs = hourMs
    const later = await crew.client.enqueue(crew.jobs.chain, { steps: 1 }, { delay: '1h' })
    expect((await crew.client.inspector.run(later.id))?.enqueuedAt).toBeGreaterThanOrEqual(before + hourMs)
    await later.cancel()
    // More than twice as long as a lease.
    await wait(1_500)
    relay.shiftMs = 0
    await wait(1_500)
    await held.expectUntouched()
  },
  patienceMs,
)

test(
  'after a promotion with lost writes every known run ends, and no worker holds an unknown one',
  async () => {
    const primary = await started()
    const replica = await started({ replicaOf: primary.port })
    const relay = await relayTo(primary)
    const crew = await Crew.open(relay.url)
    const refused = { gap: 0, gone: 0 }
    const open: StoreOpener = async ({ store, clock }) => {
      const opened = await openStore(store, { clock })
      const commit = opened.commit.bind(opened)
      opened.commit = async (...request) => {
        const answer = await commit(...request)
        for (const { kind } of answer.answers) if (kind === 'gap' || kind === 'gone') refused[kind]++
        return answer
      }
      return opened
    }
    for (let i = 0; i < 2; i++) await crew.hire(relay.url, { concurrency: 5, open })
    const load = new Load(crew)
    const held = await Promise.all(
      Array.from({ length: 4 }, () => crew.client.enqueue(crew.jobs.held, undefined)),
    )
    await crew.bodyLog.until(() => crew.bodyLog.count('start', undefined, 'held') === held.length)
    await crew.bodyLog.times('settled', crew.bodyLog.count('settled') + 20)
    const replicated = await offsetOf(primary)
    await expect.poll(() => offsetOf(replica)).toBeGreaterThanOrEqual(replicated)

    // From here on the primary accepts writes that the replica never receives.
    await replica.command('REPLICAOF', 'NO', 'ONE')
    await crew.bodyLog.times('settled', crew.bodyLog.count('settled') + 60)
    await load.stop()
    const unheard = await Promise.all(
      Array.from({ length: 5 }, () => crew.client.enqueue(crew.jobs.held, undefined)),
    )
    relay.retarget(replica.port)

    const all = [...load.handles, ...held, ...unheard]
    const found = await Promise.all(
      all.map(async ({ id }) => [id, await crew.client.inspector.run(id)] as const),
    )
    const known = found.flatMap(([id, run]) => (run === undefined ? [] : [id]))
    const lost = found.flatMap(([id, run]) => (run === undefined ? [id] : []))
    expect(known).toEqual(expect.arrayContaining(held.map(({ id }) => id)))
    expect(lost).toEqual(expect.arrayContaining(unheard.map(({ id }) => id)))
    await expect(unheard[0]?.result()).rejects.toMatchObject({ code: 'UNKNOWN_RUN' })

    crew.gate.open()
    const before = performance.now()
    await Promise.all(known.map((id) => crew.client.run(id).result({ timeout: '2m' })))
    const endedAfterMs = Math.round(performance.now() - before)
    const violations = await findViolations(crew.client.inspector, crew.bodyLog, known, 'lost writes')
    expect(violations).toEqual([])
    expect(await crew.losses(known)).toBe(0)
    // The store's replies told the workers which runs it no longer knows.
    expect(refused.gap + refused.gone).toBeGreaterThan(0)
    const store = await crew.store(relay.url)
    expect(await store.sweep(1_000)).toMatchObject({ repaired: [] })
    printEvidence({
      measure: 'a replica promoted without the last writes',
      ...{ known: known.length, lost: lost.length, endedAfterMs, ...refused },
    })
  },
  patienceMs,
)
