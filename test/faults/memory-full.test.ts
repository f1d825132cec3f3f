import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { printEvidence } from '../support/evidence.ts'
import { dumpNamespace } from '../support/redis/namespace-dump.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { byHand, newRun, newWorker } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { Crew } from './crew.ts'

const full = {
  code: 'STORE_FULL',
  message: expect.stringContaining('give it more memory'),
}
const leaseMs = 1_000

async function started(): Promise<RedisServer> {
  const server = await RedisServer.start({ config: { 'maxmemory-policy': 'noeviction' } })
  onTestFinished(() => server.remove())
  return server
}

/** The keys that a script stopped halfway would leave behind. */
async function runsIn(server: RedisServer, crew: Crew): Promise<unknown> {
  const { runs, payloads, ready, tags, index, due, classes, meta } = await dumpNamespace(
    server,
    crew.namespace,
  )
  const seq = (meta as [string, string][]).find(([name]) => name === 'seq')
  return { runs, payloads, ready, tags, index, due, classes, seq }
}

async function limitMemory(server: RedisServer, bytes: number): Promise<void> {
  await server.command('CONFIG', 'SET', 'maxmemory', `${bytes}`)
}

test('a full server accepts no new work and finishes work in progress', async () => {
  const server = await started()
  const crew = await Crew.open(server.url)
  const store = await crew.store(server.url, { retention: { completed: '1ms' } })
  for (let i = 0; i < 2; i++) await crew.hire(server.url, { concurrency: 3, lease: leaseMs })
  const [ended] = await crew.mixed(1, { ms: 5 })
  await ended?.result({ timeout: '2m' })
  const held = await Promise.all(
    Array.from({ length: 6 }, () => crew.client.enqueue(crew.jobs.held, undefined)),
  )
  await crew.bodyLog.until(() => crew.bodyLog.count('start', undefined, 'held') === held.length)
  // They wait behind the slots that are taken.
  const behind = await crew.mixed(5, { ms: 5 })
  const begun = crew.bodyLog.count('start')

  await limitMemory(server, 1)
  const before = await runsIn(server, crew)
  const large = 'x'.repeat(10_000)
  const refused = newRun({
    id: 'refused',
    tags: ['eu'],
    input: Buffer.from(large),
    start: { kind: 'in', ms: 50 },
  })
  await expect(store.enqueue([newRun({ id: 'also', job: 'unheard of' }), refused])).rejects.toMatchObject(
    full,
  )
  await expect(crew.mixed(3, { ms: 5 })).rejects.toMatchObject(full)
  expect(await runsIn(server, crew)).toEqual(before)

  // Two leases' time: they are renewed.
  await wait(2 * leaseMs)
  expect((await crew.client.inspector.workers()).map(({ lost }) => lost)).toEqual([false, false])
  crew.gate.open()
  await Promise.all(held.map((handle) => handle.result({ timeout: '2m' })))
  expect(await crew.losses(held.map(({ id }) => id))).toBe(0)

  // Slots are free now, and there is capacity for one more worker; no worker gets new runs.
  const jobs = [{ name: 'mixed', version: 1, queue: 'default', digest: 'same' }]
  const idle = await TestWorker.register(store, newWorker({ jobs }))
  for (let i = 0; i < 3; i++) expect(await idle.claim()).toEqual([])
  expect(crew.bodyLog.count('start')).toBe(begun + held.length)
  expect(await behind[0]?.cancel()).toEqual({ state: 'cancelled' })
  await crew.client.remove(behind[0]?.id ?? '')
  expect(await store.sweep(1_000)).toEqual({ pruned: 1 + held.length, repaired: [] })
  expect(await crew.client.inspector.run(held[0]?.id ?? '')).toBeUndefined()
  await store.resign(idle.lease, [])

  await limitMemory(server, 0)
  await crew.client.enqueue(crew.jobs.chain, { steps: 3 })
  await Promise.all(behind.slice(1).map((handle) => handle.result({ timeout: '2m' })))
})

test('a full server replies to callers whose run exists, whichever calls share their round trip', async () => {
  const server = await started()
  const crew = await Crew.open(server.url)
  const store = await crew.store(server.url)
  const [known, fresh, other] = [newRun({ id: 'known' }), newRun({ id: 'fresh' }), newRun({ id: 'other' })]
  await store.enqueue([known])
  await limitMemory(server, 1)
  const before = await runsIn(server, crew)
  const joined = { status: 'fulfilled', value: [{ outcome: 'joined', id: 'known' }] }
  const refused = { status: 'rejected', reason: full }
  expect(
    await Promise.allSettled([fresh, known, other, known].map((run) => store.enqueue([run]))),
  ).toMatchObject([refused, joined, refused, joined])
  expect(await runsIn(server, crew)).toEqual(before)
})

test('at the memory limit each enqueue is stored completely or refused completely', async () => {
  const server = await started()
  const crew = await Crew.open(server.url)
  const used = /used_memory:(\d+)/.exec(String(await server.command('INFO', 'memory')))?.[1]
  await limitMemory(server, Number(used) + 3_000_000)
  const store = await crew.store(server.url)
  const input = Buffer.alloc(20_000, 'x')
  const stored: string[] = []
  let refusal: unknown
  for (let i = 0; refusal === undefined; i++) {
    const runs = Array.from({ length: 10 }, (_, n) => newRun({ id: `${i}-${n}`, input, tags: ['many'] }))
    try {
      await store.enqueue(runs)
      stored.push(...runs.map(({ id }) => id))
    } catch (error) {
      refusal = error
    }
  }
  expect(refusal).toMatchObject(full)
  const found: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await store.runs({ limit: 500, ...(cursor === undefined ? {} : { cursor }) })
    found.push(...page.runs.map(({ id }) => id))
    cursor = page.cursor
    if (cursor === undefined) break
  }
  expect(found.toSorted()).toEqual(stored.toSorted())

  // Removing ended runs frees memory again.
  for (const id of stored.slice(0, 40)) {
    await store.cancel(id, byHand())
    await store.remove(id, byHand())
  }
  expect(await store.enqueue([newRun({ id: 'later' })])).toEqual([{ outcome: 'created', id: 'later' }])
  printEvidence({ measure: 'runs of 20 kB until a server with 3 MB left is full', stored: stored.length })
})
