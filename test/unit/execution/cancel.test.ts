import { describe, expect, test } from 'vitest'
import { AbortedError, defineJob } from '../../../sdk/index.ts'
import { abortOf, gate, openFixture, rejection } from '../../support/fixture.ts'
import { withGetter } from '../../support/odd-thrown.ts'

describe('cancel', () => {
  test('reaches the signal of a running step, and the run ends as cancelled', async () => {
    const shop = await openFixture()
    const begun = gate()
    const reasons: unknown[] = []
    const job = defineJob({ name: 'long' }, async ({ step, abortSignal }) => {
      await step.run('wait', async ({ signal }) => {
        begun.open()
        reasons.push(await abortOf(signal), await abortOf(abortSignal))
        throw signal.reason
      })
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await begun.opened

    expect(await handle.cancel({ by: 'ana', reason: 'wrong file' })).toEqual({ state: 'cancelling' })
    const error = await rejection(handle.result({ timeout: '2m' }))
    expect(error).toMatchObject({ name: 'RunCancelledError', code: 'RUN_CANCELLED', runId: handle.id })
    expect(error.message).toBe(`run '${handle.id}' was cancelled by ana: wrong file`)
    expect(reasons).toEqual([
      expect.objectContaining({ reason: 'cancelled' }),
      expect.objectContaining({ reason: 'cancelled' }),
    ])
    expect(reasons[0]).toBeInstanceOf(AbortedError)
  })

  test('ends the run although the step throws an unreadable error', async () => {
    const shop = await openFixture()
    const begun = gate()
    const job = defineJob({ name: 'long' }, ({ step }) =>
      step.run('wait', async ({ signal }) => {
        begun.open()
        await abortOf(signal)
        throw withGetter(new Error('refused'), 'name')
      }),
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await begun.opened
    await handle.cancel({ by: 'ana' })
    expect(await rejection(handle.result({ timeout: '2m' }))).toMatchObject({ code: 'RUN_CANCELLED' })
  })

  test('ends a run whose last step returns when its signal aborts, although that result is stored', async () => {
    const shop = await openFixture()
    const begun = gate()
    const job = defineJob({ name: 'long' }, ({ step }) =>
      step.run('wait', async ({ signal }) => {
        begun.open()
        await abortOf(signal)
        return 'stopped early'
      }),
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await begun.opened
    await handle.cancel({ by: 'ana' })
    expect(await rejection(handle.result({ timeout: '2m' }))).toMatchObject({ code: 'RUN_CANCELLED' })
    const stored = await shop.jobs.inspector.journal(handle.id, { after: 0, limit: 10 })
    expect(stored).toMatchObject([{ path: 'wait', phase: 'done' }])
  })

  test('of a run between two steps prevents further steps', async () => {
    const shop = await openFixture()
    const begun = gate()
    let second = false
    const job = defineJob({ name: 'long' }, async ({ step, abortSignal }) => {
      begun.open()
      await abortOf(abortSignal)
      await step.run('second', () => {
        second = true
      })
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await begun.opened
    await handle.cancel()

    expect(await rejection(handle.result({ timeout: '2m' }))).toMatchObject({ code: 'RUN_CANCELLED' })
    expect(second).toBe(false)
  })

  test('of an unclaimed run ends it at once', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'idle' }, () => 'never')
    const ready = await shop.jobs.enqueue(job)
    const scheduled = await shop.jobs.enqueue(job, undefined, { delay: '1h' })

    expect(await ready.cancel()).toEqual({ state: 'cancelled' })
    expect(await scheduled.cancel()).toEqual({ state: 'cancelled' })
    expect(await rejection(ready.result())).toMatchObject({ code: 'RUN_CANCELLED' })
  })

  test('of an ended run changes nothing', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'quick' }, () => 'done')
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await handle.result({ timeout: '2m' })

    expect(await handle.cancel()).toEqual({ state: 'completed' })
    await expect(handle.result()).resolves.toBe('done')
  })

  test('twice has the effect of one', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'idle' }, () => 'never')
    const handle = await shop.jobs.enqueue(job)
    await handle.cancel({ by: 'ana' })

    expect(await handle.cancel({ by: 'ben' })).toEqual({ state: 'cancelled' })
    expect((await rejection(handle.result())).message).toContain('by ana')
  })

  test('leaves a run that can be retried', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'idle' }, () => 'done')
    const handle = await shop.jobs.enqueue(job)
    await handle.cancel()
    await handle.retry()
    await shop.work(job)

    await expect(handle.result({ timeout: '2m' })).resolves.toBe('done')
  })

  test('of an unknown run is refused by name', async () => {
    const shop = await openFixture()
    expect(await rejection(shop.jobs.run('nobody').cancel())).toMatchObject({
      code: 'UNKNOWN_RUN',
      runId: 'nobody',
    })
  })
})
