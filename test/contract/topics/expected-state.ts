import { expect } from 'vitest'
import type { Store } from '../../../runtime/store/store.ts'
import { one } from '../../support/stores/limit-inputs.ts'
import { byHand, expecting, newRun, stale } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const finding = 'paused-queue:mail'

async function operations({ store }: Contract): Promise<number> {
  return (await store.events({ log: 'operations', limit: 100 })).events.length
}

async function pausedAt(store: Store, queue: string): Promise<number | undefined> {
  return (await store.queues()).find(({ name }) => name === queue)?.paused?.at
}

/** A store whose clock shows other times than the ones it stores. */
async function withMovedClock({ store, moveClock }: Contract): Promise<void> {
  await store.enqueue([newRun()])
  moveClock(3_600_000)
  await store.enqueue([newRun()])
}

async function putReport({ store }: Contract, cron = '* * * * *'): Promise<void> {
  const { id: _, start: __, ...run } = newRun()
  const timing = { timeZone: 'UTC', missed: 'one', cap: 100, overlap: 'skip', jitterMs: 0 } as const
  await store.putSchedule('report', { ...timing, cron, run }, byHand())
}

/** The state its caller saw, and whether a write that expects it is carried out. */
export function expectedStateContract(open: Open): void {
  contractTest(open, 'a queue is paused or resumed only in the state that was seen', async (contract) => {
    const { store, advance } = contract
    await withMovedClock(contract)
    await expect(store.resumeQueue('mail', expecting({ pausedAt: 1 }))).rejects.toMatchObject(stale)
    await store.pauseQueue('mail', expecting({}))
    const first = await pausedAt(store, 'mail')
    await expect(store.pauseQueue('mail', expecting({}))).rejects.toMatchObject(stale)
    await expect(store.resumeQueue('mail', expecting({}))).rejects.toMatchObject(stale)
    await store.resumeQueue('mail', byHand())
    advance(5)
    await store.pauseQueue('mail', byHand({ by: 'ben' }))
    const before = await operations(contract)
    const old = first === undefined ? {} : { pausedAt: first }
    await expect(store.resumeQueue('mail', expecting(old))).rejects.toMatchObject({
      message: expect.stringContaining("queue 'mail' has changed since it was read"),
    })
    expect(await operations(contract)).toBe(before)
    const second = await pausedAt(store, 'mail')
    expect(second).toBe((first ?? 0) + 5)
    await store.resumeQueue('mail', expecting(second === undefined ? {} : { pausedAt: second }))
    expect(await pausedAt(store, 'mail')).toBeUndefined()
  })

  contractTest(open, 'a schedule is paused or resumed only in the state that was seen', async (contract) => {
    const { store, advance } = contract
    await withMovedClock(contract)
    await putReport(contract)
    await expect(store.pauseSchedule('report', expecting({ revision: 7 }))).rejects.toMatchObject(stale)
    await store.pauseSchedule('report', expecting({ revision: 1 }))
    const [paused] = await store.schedules()
    const seen = { revision: 1, pausedAt: paused?.paused?.at ?? 0 }
    await expect(store.pauseSchedule('report', expecting({ revision: 1 }))).rejects.toMatchObject(stale)
    await expect(store.resumeSchedule('report', expecting({ revision: 1 }))).rejects.toMatchObject(stale)
    await expect(
      store.resumeSchedule('report', expecting({ ...seen, pausedAt: seen.pausedAt - 1 })),
    ).rejects.toMatchObject(stale)
    advance(5)
    await store.resumeSchedule('report', expecting(seen))
    await putReport(contract, '0 * * * *')
    const before = await operations(contract)
    await expect(store.pauseSchedule('report', expecting({ revision: 1 }))).rejects.toMatchObject({
      message: expect.stringContaining("schedule 'report' has changed"),
    })
    expect(await operations(contract)).toBe(before)
    await store.pauseSchedule('report', expecting({ revision: 2 }))
  })

  contractTest(open, 'a limiter is set or reset only in the state that was seen', async (contract) => {
    const { store, worker, advance } = contract
    await withMovedClock(contract)
    await worker({ limiters: [{ name: one.name, rule: one.rule }] })
    const other = { ...one.rule, max: 9 }
    await expect(store.setLimiter('one', { max: 3 }, expecting({ rule: other }))).rejects.toMatchObject(stale)
    await store.setLimiter('one', { max: 3 }, expecting({ rule: one.rule }))
    const [set] = await store.limiters()
    const seen = { rule: { ...one.rule, max: 3 }, setAt: set?.byHand?.at ?? 0 }
    await expect(store.setLimiter('one', undefined, expecting({ rule: seen.rule }))).rejects.toMatchObject(
      stale,
    )
    advance(5)
    await store.setLimiter('one', { max: 3 }, byHand({ by: 'ben' }))
    const before = await operations(contract)
    await expect(store.setLimiter('one', undefined, expecting(seen))).rejects.toMatchObject({
      message: expect.stringContaining("limiter 'one' has changed"),
    })
    expect(await operations(contract)).toBe(before)
    await store.setLimiter('one', undefined, expecting({ ...seen, setAt: seen.setAt + 5 }))
    expect((await store.limiters())[0]).not.toHaveProperty('byHand')
  })

  contractTest(open, 'a finding is muted or unmuted only in the state that was seen', async (contract) => {
    const { store, advance } = contract
    await withMovedClock(contract)
    await expect(store.unmuteFinding(finding, expecting({ until: 1 }))).rejects.toMatchObject(stale)
    const { until } = await store.muteFinding(finding, 60_000, expecting({}))
    await expect(store.muteFinding(finding, 90_000, expecting({}))).rejects.toMatchObject(stale)
    await expect(store.unmuteFinding(finding, expecting({}))).rejects.toMatchObject(stale)
    const longer = await store.muteFinding(finding, 90_000, expecting({ until }))
    const before = await operations(contract)
    await expect(store.unmuteFinding(finding, expecting({ until }))).rejects.toMatchObject({
      message: expect.stringContaining(`the mute of '${finding}' has changed`),
    })
    expect(await operations(contract)).toBe(before)
    expect(await store.unmuteFinding(finding, expecting(longer))).toBe(true)
    // A run that has ended does not count.
    await store.muteFinding(finding, 1_000, byHand())
    advance(1_000)
    await store.muteFinding(finding, 1_000, expecting({}))
  })

  contractTest(
    open,
    'a repeat of a completed action gets its reply, whatever has changed',
    async (contract) => {
      const { store, worker } = contract
      await worker({ limiters: [{ name: one.name, rule: one.rule }] })
      await putReport(contract)
      const writes = [
        (requestId: string) => store.pauseQueue('mail', expecting({}, { requestId })),
        (requestId: string) => store.pauseSchedule('report', expecting({ revision: 1 }, { requestId })),
        (requestId: string) =>
          store.setLimiter('one', { max: 3 }, expecting({ rule: one.rule }, { requestId })),
        (requestId: string) => store.muteFinding(finding, 60_000, expecting({}, { requestId })),
      ]
      for (const [i, write] of writes.entries()) {
        const answer = await write(`request ${i}`)
        expect(await write(`request ${i}`)).toEqual(answer)
        await expect(write(`other ${i}`)).rejects.toMatchObject(stale)
      }
    },
  )
}
