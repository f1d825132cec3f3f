import { expect, test } from 'vitest'
import { cutBounds } from '../../runtime/model/poison.ts'
import type { RunId } from '../../runtime/model/run-id.ts'
import { done, newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { PeerSite } from './peer-site.ts'
import { readOperations } from './read-events.ts'

async function siteWithRun(): Promise<[PeerSite, RunId]> {
  const site = await PeerSite.open()
  const run = newRun()
  await site.store.enqueue([run])
  return [site, run.id]
}

test('reported cuts never add up: the run is ready at once, its losses stay counted', async () => {
  const [site, id] = await siteWithRun()
  for (let cut = 1; cut <= 8; cut++) {
    const victim = await site.lose()
    await site.report(victim)
    expect(await site.store.run(id)).toMatchObject({ state: 'ready', losses: cut })
  }
  const history = await site.store.history(id)
  expect(history.slice(0, 2)).toMatchObject([{ kind: 'lost', cause: 'exit' }, { kind: 'cut' }])
  expect(await site.store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
})

test('a cut is reported once, after the loss that it reverts', async () => {
  const [site] = await siteWithRun()
  const victim = await site.lose()
  await site.report(victim)
  await site.report(victim)
  const told = (await readOperations(site.store)).filter(({ subject }) => subject === victim.name)
  expect(told).toMatchObject([
    { operation: 'worker joined' },
    { operation: 'worker lost', count: 1, details: { cause: 'exit' } },
    { operation: 'worker cut', count: 1 },
  ])
})

test('unreported losses add up', async () => {
  const [site, id] = await siteWithRun()
  await site.lose()
  await site.lose()
  expect(await site.pauseOf(id)).toBe(1_000)
})

test('a cut is reverted once, however often it is reported', async () => {
  const [site, id] = await siteWithRun()
  await site.lose()
  const victim = await site.lose()
  await site.report(victim)
  await site.report(victim)
  site.advance(1_000)
  await (await site.worker()).claim(0)
  await site.lose()
  expect(await site.pauseOf(id)).toBe(1_000)
})

test('nothing is reverted after a later loss', async () => {
  const [site, id] = await siteWithRun()
  const cut = await site.lose()
  await site.lose()
  await site.report(cut)
  site.advance(1_000)
  await (await site.worker()).claim(0)
  await site.lose()
  expect(await site.pauseOf(id)).toBe(5_000)
})

test('nothing is reverted once an entry has been stored: the loss streak is that of the entry', async () => {
  const [site, id] = await siteWithRun()
  const cut = await site.lose()
  const next = await site.worker()
  await next.append(await next.claimOne(), done('one'))
  await site.takeForDead(next)
  await site.report(cut)
  await site.lose()
  expect(await site.pauseOf(id)).toBe(1_000)
})

test('a run that another worker now holds continues with the remaining loss streak', async () => {
  const [site, id] = await siteWithRun()
  const cut = await site.lose()
  const next = await site.worker()
  await next.claimOne()
  await site.report(cut)
  await site.takeForDead(next)
  expect(await site.pauseOf(id)).toBe(0)
  expect(await site.store.run(id)).toMatchObject({ state: 'ready', losses: 2 })
})

test('a run that is no longer a poison suspect is claimed beside one', async () => {
  const [site, id] = await siteWithRun()
  const other = newRun()
  await site.store.enqueue([other])
  for (let loss = 1; loss <= 2; loss++) {
    const victim = await site.worker()
    expect(await victim.claim(2)).toHaveLength(2)
    await site.takeForDead(victim)
    if (loss === 2) {
      site.advance(1_000)
      await (await site.worker()).claim(0)
      // Of the two suspects a lease takes one.
      const claimant = await site.worker()
      expect(await claimant.claim(2)).toHaveLength(1)
      await site.store.resign(claimant.lease, [])
      await site.report(victim)
    }
  }
  const claimed = await (await site.worker()).claim(2)
  expect(claimed.map((run) => run.id).sort()).toEqual([id, other.id].sort())
  expect(await site.store.sweep(100)).toEqual({ pruned: 0, repaired: [] })
})

test('the limit of cuts fails the run as poisoned, and a new entry restarts the count', async () => {
  const [site, id] = await siteWithRun()
  const cutOff = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await site.report(await site.lose())
  }
  await cutOff(cutBounds.perRun - 1)
  const worker = await site.worker()
  const run = await worker.claimOne()
  expect(run.failsAs).toBeUndefined()
  await worker.append(run, done('one'))
  await site.store.resign(worker.lease, [])
  await cutOff(cutBounds.perRun)
  const last = await (await site.worker()).claimOne()
  expect(last).toMatchObject({
    id,
    failsAs: 'poisoned',
    lossesSeen: { exit: 0, cut: 2 * cutBounds.perRun - 1, lease: 0 },
  })
})

test('a worker with more runs than one call reverts gets all of them back', async () => {
  const site = await PeerSite.open()
  const runs = Array.from({ length: 501 }, () => newRun())
  await site.store.enqueue(runs)
  for (let cut = 1; cut <= 2; cut++) {
    const victim = await TestWorker.register(site.store, { concurrency: 600 })
    expect(await victim.claim(600)).toHaveLength(501)
    await site.takeForDead(victim)
    await site.report(victim)
  }
  const queues = await site.store.queues()
  expect(queues).toMatchObject([{ counts: { ready: 501, waiting: 0, running: 0 } }])
})

test('a worker that is cut off repeatedly is left to its lease, until ten minutes have passed', async () => {
  const site = await PeerSite.open()
  const looker = await site.worker()
  await site.store.campaign('leader', looker.lease, 2 * cutBounds.rememberedMs)
  const fine = { name: 'connections', verdict: 'fine' }
  for (let cut = 1; cut <= cutBounds.exemptFrom; cut++) {
    const victim = await site.gone('unlucky')
    expect((await site.look(looker)).gone).toEqual([victim.lease])
    expect(await site.store.checks('quick')).toContainEqual(expect.objectContaining(fine))
    await site.takeForDead(victim)
    await site.report(victim)
    // Said again it is the same cut.
    await site.report(victim)
  }
  const [unlucky, other] = [await site.gone('unlucky'), await site.gone('other')]
  expect((await site.look(looker)).gone).toEqual([other.lease])
  expect(await site.store.checks('quick')).toContainEqual(
    expect.objectContaining({
      ...{ name: 'connections', verdict: 'warning' },
      found: expect.stringContaining(`unlucky was cut off ${cutBounds.exemptFrom} times`),
    }),
  )
  for (let passed = 0; passed < cutBounds.rememberedMs; passed += 1_000) {
    site.advance(1_000)
    await site.look(looker)
  }
  expect((await site.look(looker)).gone.toSorted()).toEqual([unlucky.lease, other.lease].toSorted())
})

test('a new cut of an exempt worker restarts its ten minutes', async () => {
  const site = await PeerSite.open()
  for (let cut = 1; cut <= cutBounds.exemptFrom; cut++) {
    const victim = await site.worker('unlucky')
    await site.takeForDead(victim)
    await site.report(victim)
  }
  const looker = await site.worker()
  await site.store.campaign('leader', looker.lease, 3 * cutBounds.rememberedMs)
  const unlucky = await site.gone('unlucky')
  await site.renewWith(unlucky, 'main abc:7')
  await site.look(looker)
  const wait = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      site.advance(500)
      await site.look(looker)
      await looker.renew()
      await site.renewWith(unlucky, '')
    }
  }
  await wait(cutBounds.rememberedMs / 2)
  // A cut costs it nothing, so it reports none: its new connection shows the cut.
  await site.renewWith(unlucky, 'main abc:8')
  await wait(cutBounds.rememberedMs / 2 + 1_000)
  expect((await site.look(looker)).gone).toEqual([])
  await wait(cutBounds.rememberedMs / 2)
  expect((await site.look(looker)).gone).toEqual([unlucky.lease])
})
