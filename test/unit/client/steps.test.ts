import { expect, test } from 'vitest'
import { defineJob, FatalError } from '../../../sdk/index.ts'
import { gate, openFixture, rejection } from '../../support/fixture.ts'

test('a handle lists the steps of its run: state, tries, error and remaining wait of each', async () => {
  const shop = await openFixture()
  const job = defineJob({ name: 'job' }, async ({ step }) => {
    await step.run('read', () => 'rows')
    await step
      .run('charge', () => Promise.reject(new FatalError('no money', { cause: new Error('declined') })), {
        atMostOnce: true,
      })
      .catch(() => undefined)
    await step.run('flaky', ({ attempt }) => attempt > 1 || Promise.reject(new Error('reset')), {
      retry: { maxAttempts: 2, initialInterval: 1 },
    })
    await step.sleep('nap', '1h')
  })
  const handle = await shop.jobs.enqueue(job)
  expect(await handle.steps()).toEqual([])
  await shop.work(job)
  await expect.poll(async () => (await handle.status()).state, { timeout: 60_000 }).toBe('waiting')

  const stored = { durationMs: expect.any(Number), storedAt: expect.any(Date) }
  const steps = await handle.steps()
  expect(steps).toEqual([
    { path: 'read', kind: 'run', state: 'done', tries: 1, ...stored },
    {
      ...{ path: 'charge', kind: 'run', state: 'failed', tries: 1, atMostOnce: true, ...stored },
      error: expect.objectContaining({ message: 'no money' }),
    },
    { path: 'flaky', kind: 'run', state: 'done', tries: 2, error: expect.any(Error), ...stored },
    { path: 'nap', kind: 'sleep', state: 'waiting', tries: 1, remainingMs: expect.any(Number), ...stored },
  ])
  expect(steps[1]?.error).toBeInstanceOf(FatalError)
  expect(steps[1]?.error?.cause).toMatchObject({ message: 'declined' })
  expect(await rejection(shop.jobs.run('nobody').steps())).toMatchObject({ code: 'UNKNOWN_RUN' })
})

test('the status of a running run shows its current step', async () => {
  const shop = await openFixture()
  const end = gate()
  const job = defineJob({ name: 'job' }, async ({ step }) => step.run('long', () => end.opened))
  await shop.work(job, { lease: '1s' })
  const handle = await shop.jobs.enqueue(job)
  const step = { path: 'long', openMs: expect.any(Number), toldAgoMs: expect.any(Number) }
  await expect.poll(async () => (await handle.status()).step, { timeout: 60_000 }).toEqual(step)
  end.open()
  await handle.result({ timeout: '2m' })
  expect(await handle.status()).not.toHaveProperty('step')
})
