import { describe, expect, test } from 'vitest'
import type { Leading } from '../../../runtime/index.ts'
import { type AbortedError, defineJob, InvalidOptionsError } from '../../../sdk/index.ts'
import { abortOf, gate, openFixture } from '../../support/fixture.ts'

const idle = defineJob({ name: 'idle' }, () => 1)

describe('a worker', () => {
  test('leads alone, says so, and no longer once it has stopped', async () => {
    const shop = await openFixture()
    const worker = await shop.work(idle, { name: 'first-worker' })
    await expect.poll(() => worker.leader.isLeading).toBe(true)
    const [leader] = await shop.jobs.inspector.leaders()
    expect(leader).toMatchObject({ role: 'leader', worker: 'first-worker', term: worker.leader.fence })
    await worker.stop()
    expect(worker.leader).toEqual({ isLeading: false, fence: undefined })
    const [last] = await shop.jobs.inspector.leaders()
    expect(last).toMatchObject({ role: 'leader', term: leader?.term, termLeftMs: 0 })
    expect(last).not.toHaveProperty('worker')
  })

  test('is the only leader of two; the other follows as soon as it stops', async () => {
    const shop = await openFixture()
    const workers = [await shop.work(idle), await shop.work(idle)] as const
    await expect.poll(() => workers[0].leader.isLeading).toBe(true)
    expect(workers[1].leader).toEqual({ isLeading: false, fence: undefined })
    const fence = workers[0].leader.fence ?? 0
    await workers[0].stop()
    await expect.poll(() => workers[1].leader.isLeading).toBe(true)
    expect(workers[1].leader.fence).toBeGreaterThan(fence)
  })

  test('calls the listeners of a role, also those added before its start, and awaits them at a stop', async () => {
    const shop = await openFixture()
    const begun = gate<Leading>()
    const order: string[] = []
    const first = await shop.work(idle)
    first.onLeader('reports', async (leading) => {
      begun.open(leading)
      const reason = (await abortOf(leading.signal)) as AbortedError
      order.push(`told: ${reason.reason}`)
      const { leaders } = shop.jobs.inspector
      const held = (await leaders.call(shop.jobs.inspector)).find(({ role }) => role === 'reports')
      order.push(held?.worker === first.name ? 'still its own' : 'given up too early')
    })
    const { role, fence } = await begun.opened
    expect(role).toBe('reports')
    expect((await shop.jobs.inspector.leaders()).find((one) => one.role === role)?.term).toBe(fence)
    await first.stop()
    expect(order).toEqual(['told: draining', 'still its own'])
    expect((await shop.jobs.inspector.leaders()).map(({ worker }) => worker)).toEqual([undefined, undefined])
  })

  test('resigns the term before it waits for its runs', async () => {
    const shop = await openFixture()
    const [begun, goOn] = [gate(), gate()]
    const slow = defineJob({ name: 'slow' }, ({ step }) =>
      step.run('wait', () => {
        begun.open()
        return goOn.opened
      }),
    )
    const worker = await shop.work(slow)
    await expect.poll(() => worker.leader.isLeading).toBe(true)
    await shop.jobs.enqueue(slow)
    await begun.opened
    const stopped = worker.stop()
    expect(worker.leader.isLeading).toBe(false)
    await expect.poll(() => shop.jobs.inspector.leaders()).toMatchObject([{ termLeftMs: 0 }])
    goOn.open()
    await stopped
  })

  test('configured not to lead never does', async () => {
    const shop = await openFixture()
    const calls: unknown[] = []
    const aside = await shop.work(idle, { leader: false })
    aside.onLeader((leading) => void calls.push(leading))
    const other = await shop.work(idle)
    await expect.poll(() => other.leader.isLeading).toBe(true)
    await other.stop()
    await (await shop.jobs.enqueue(idle)).result({ timeout: '2m' })
    expect(aside.leader.isLeading).toBe(false)
    expect(await shop.jobs.inspector.leaders()).toMatchObject([{ termLeftMs: 0 }])
    expect(calls).toEqual([])
  })

  test('refuses an invalid option or role', async () => {
    const shop = await openFixture()
    await expect(shop.work(idle, { leader: 'no' as never })).rejects.toThrow(InvalidOptionsError)
    const worker = await shop.work(idle)
    expect(() => worker.onLeader('reports', undefined as never)).toThrow(InvalidOptionsError)
    expect(() => worker.onLeader('', () => undefined)).toThrow(InvalidOptionsError)
  })
})
