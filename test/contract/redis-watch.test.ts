import { expect, test } from 'vitest'
import { newRun } from '../support/stores/store-inputs.ts'
import type { TestWorker } from '../support/stores/test-worker.ts'
import { PeerSite } from './peer-site.ts'

const termMs = 15_000
const [runsEveryMs, termsEveryMs] = [50, 200]

async function fleet(size: number): Promise<[PeerSite, ...TestWorker[]]> {
  const site = await PeerSite.open()
  const workers: TestWorker[] = []
  for (let i = 0; i < size; i++) workers.push(await site.worker())
  return [site, ...workers]
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the fleet is smaller than the test needs')
  return value
}

/** Two workers of which the first one looks, and a third one that leads. */
async function watched() {
  const [site, first, second, third] = await fleet(3)
  const [looker, deputy, leader] = [required(first), required(second), required(third)]
  await site.store.campaign('leader', leader.lease, termMs)
  return { site, looker, deputy, leader }
}

test('one worker checks; it tells the others when to ask', async () => {
  const { site, looker, deputy, leader } = await watched()
  expect(await site.look(looker)).toEqual({ role: 'looker', everyMs: termsEveryMs, gone: [] })
  const others = [await site.look(deputy), await site.look(leader)]
  expect(others.map(({ role }) => role).toSorted()).toEqual(['deputy', 'other'])
  expect(Math.min(...others.map(({ everyMs }) => everyMs))).toBeGreaterThan(termsEveryMs)
  expect(await site.look(looker)).toMatchObject({ role: 'looker' })
})

test('a fleet of one has no peer to check', async () => {
  const [site, only] = await fleet(1)
  await site.store.campaign('leader', required(only).lease, termMs)
  await site.store.enqueue([newRun()])
  await required(only).claimOne()
  expect((await site.look(required(only))).everyMs).toBeGreaterThan(1_000)
  const second = await site.worker()
  expect(await site.look(second)).toEqual({ role: 'looker', everyMs: runsEveryMs, gone: [] })
})

test('a fleet without runs and terms is not checked, and the first claim wakes the checking worker', async () => {
  const [site, first, second] = await fleet(2)
  const [looker, worker] = [required(first), required(second)]
  expect((await site.look(looker)).everyMs).toBeGreaterThan(1_000)
  site.advance(3_600_000)
  // No worker is late in a pause.
  expect((await site.look(worker)).role).toBe('other')
  const { message } = await site.heard(looker)
  await site.store.enqueue([newRun()])
  await worker.claimOne()
  expect(await message).toBe('look')
  expect(await site.look(looker)).toEqual({ role: 'looker', everyMs: runsEveryMs, gone: [] })
})

test('a pause is no outage: the first check sees a worker that died right after the first claim', async () => {
  const [site, looker] = await fleet(1)
  const dying = await site.gone('dying')
  await site.look(required(looker))
  site.advance(3_600_000)
  await site.store.enqueue([newRun()])
  await dying.claimOn(site.store)
  expect((await site.look(required(looker))).gone).toEqual([dying.lease])
})

test('a first term wakes the checking worker, and a run makes it check more often', async () => {
  const [site, first, second] = await fleet(2)
  const [looker, leader] = [required(first), required(second)]
  await site.look(looker)
  const term = await site.heard(looker)
  await site.store.campaign('leader', leader.lease, termMs)
  expect(await term.message).toBe('look')
  expect((await site.look(looker)).everyMs).toBe(termsEveryMs)
  const [claim, heartbeat] = [await site.heard(looker), await site.heard(leader)]
  await site.store.enqueue([newRun()])
  await leader.claimOne()
  expect(await claim.message).toBe('look')
  // The deputy expects the next one sooner.
  expect(await heartbeat.message).toBe(`beat ${runsEveryMs}`)
  expect((await site.look(looker)).everyMs).toBe(runsEveryMs)
})

test('the next worker that asks makes up for a lost hint', async () => {
  const [site, first, second, third] = await fleet(3)
  await site.look(required(first))
  await site.store.enqueue([newRun()])
  await required(third).claimOne()
  // The watching worker gets no message and does not look.
  expect((await site.look(required(second))).role).not.toBe('looker')
  site.advance(4 * runsEveryMs)
  expect((await site.look(required(second))).role).toBe('looker')
})

test('each check sends a heartbeat to the deputy', async () => {
  const { site, looker, deputy, leader } = await watched()
  await site.look(looker)
  const hearer = (await site.look(deputy)).role === 'deputy' ? deputy : leader
  const { message } = await site.heard(hearer)
  await site.look(looker)
  expect(await message).toBe(`beat ${termsEveryMs}`)
})

test('when the checking worker is gone, another takes over at once and finds it gone', async () => {
  const site = await PeerSite.open()
  const leader = await site.worker()
  await site.store.campaign('leader', leader.lease, termMs)
  const looker = await site.gone('looker')
  await site.look(looker)
  expect(await site.look(leader)).toMatchObject({ role: 'looker', gone: [looker.lease] })
})

test('when the checking worker is late, another takes over', async () => {
  const { site, looker, deputy } = await watched()
  await site.look(looker)
  site.advance(3 * termsEveryMs)
  expect((await site.look(deputy)).role).not.toBe('looker')
  site.advance(1)
  expect((await site.look(deputy)).role).toBe('looker')
  expect((await site.look(looker)).role).not.toBe('looker')
})

test('the leader of an idle fleet does not check: it has another worker do so', async () => {
  const [site, first, second] = await fleet(2)
  const [leader, follower] = [required(first), required(second)]
  await site.store.campaign('leader', leader.lease, termMs)
  const { message } = await site.heard(follower)
  expect(await site.look(leader)).toMatchObject({ role: 'deputy' })
  expect(await message).toBe('look')
  expect(await site.look(follower)).toMatchObject({ role: 'looker' })
})

test('after a time without checks, missing workers get time to reconnect', async () => {
  const { site, looker } = await watched()
  await site.look(looker)
  const away = await site.gone('away')
  site.advance(1_001)
  expect((await site.look(looker)).gone).toEqual([])
  const dead = await site.gone('dead')
  for (let passed = 0; passed < 2_002; passed += 143) {
    expect((await site.look(looker)).gone).toEqual([dead.lease])
    site.advance(143)
  }
  expect((await site.look(looker)).gone.toSorted()).toEqual([away.lease, dead.lease].toSorted())
})

test('however long no worker checked, missing workers get 4 s at most', async () => {
  const { site, looker } = await watched()
  await site.look(looker)
  const away = await site.gone('away')
  site.advance(9_000)
  expect((await site.look(looker)).gone).toEqual([])
  for (let passed = 0; passed < 4_000; passed += 500) {
    expect((await site.look(looker)).gone).toEqual([])
    site.advance(500)
  }
  expect((await site.look(looker)).gone).toEqual([away.lease])
})

test('a late renewal does not name a connection that is gone', async () => {
  const [site, first] = await fleet(1)
  const worker = required(first)
  await site.renewWith(worker, 'main abc:7')
  await site.renewWith(worker, 'main abc:9')
  const newest = await site.beats(worker)
  expect(newest).toContain('abc:9:')
  await site.renewWith(worker, 'main abc:7')
  expect(await site.beats(worker)).toBe(newest)
})

test('a worker that has shown a new connection since the check is not considered dead', async () => {
  const [site, first] = await fleet(1)
  const worker = required(first)
  await site.store.enqueue([newRun()])
  await worker.claimOne()
  await site.renewWith(worker, 'main abc:7')
  const looked = await site.beats(worker)
  await site.renewWith(worker, 'main abc:8')
  expect(await site.reclaimDead(worker, looked)).toBe(0)
  expect((await site.store.workers()).map(({ lost }) => lost)).toEqual([false])
  expect(await site.reclaimDead(worker, await site.beats(worker))).toBe(1)
})
