import { describe, expect, test } from 'vitest'
import { defineJob } from '../../../sdk/index.ts'
import { abortOf, gate, openFixture, rejection } from '../../support/fixture.ts'

/** Retried without a pause: the claim that settles the first execution returns the run again. */
const atOnce = { initialInterval: 0 }

describe('a run that its worker claims again while settling it', () => {
  test('receives a cancel', async () => {
    const shop = await openFixture()
    const second = gate()
    const job = defineJob({ name: 'again', retry: atOnce }, async ({ step, run }) => {
      if (run.attempt === 1) throw new Error('at once, please')
      await step.run('wait', async ({ signal }) => {
        second.open()
        await abortOf(signal)
        throw signal.reason
      })
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await second.opened
    await handle.cancel()

    expect(await rejection(handle.result({ timeout: '2m' }))).toMatchObject({ code: 'RUN_CANCELLED' })
  })

  test('holds its slot, so that no other run begins above the concurrency', async () => {
    const shop = await openFixture()
    const [second, goOn] = [gate(), gate()]
    const order: string[] = []
    const again = defineJob({ name: 'again', priority: 1, retry: atOnce }, async ({ step, run }) => {
      if (run.attempt === 1) throw new Error('at once, please')
      await step.run('wait', async () => {
        second.open()
        await goOn.opened
        order.push('again')
      })
    })
    const other = defineJob({ name: 'other' }, () => void order.push('other'))
    const next = await shop.jobs.enqueue(other)
    const first = await shop.jobs.enqueue(again)
    await shop.work([again, other], { concurrency: 1 })
    await second.opened
    await next.result({ timeout: 200 }).catch(() => undefined)
    goOn.open()
    await Promise.all([first.result({ timeout: '2m' }), next.result({ timeout: '2m' })])

    expect(order).toEqual(['again', 'other'])
  })

  test('is handed over when the worker stops', async () => {
    const shop = await openFixture()
    const [second, goOn] = [gate(), gate()]
    const bodies: string[] = []
    const job = defineJob({ name: 'again', retry: atOnce }, async ({ step, run }) => {
      if (run.attempt === 1) throw new Error('at once, please')
      await step.run('first', async () => {
        bodies.push('first')
        second.open()
        await goOn.opened
      })
      await step.run('second', () => bodies.push('second'))
    })
    const worker = await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await second.opened
    const stopped = worker.stop()
    goOn.open()
    await stopped
    expect(bodies).toEqual(['first'])

    await shop.work(job)
    await handle.result({ timeout: '2m' })
    expect(bodies).toEqual(['first', 'second'])
  })
})
