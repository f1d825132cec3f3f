import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineJob } from '../../../sdk/index.ts'
import { failureOf, openFixture } from '../../support/fixture.ts'

const quick = { maxAttempts: 3, initialInterval: 1 }

describe('onFailed', () => {
  test('is called once per final failure, with the error, the run and the parsed input', async () => {
    const shop = await openFixture()
    const calls: unknown[] = []
    const job = defineJob(
      {
        name: 'reporting',
        input: z.object({ file: z.string().trim() }),
        retry: quick,
        onFailed: ({ error, run, input }) => {
          calls.push([String(error), run.id, run.attempt, input.file])
        },
      },
      () => {
        throw new Error('broken')
      },
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job, { file: ' a.csv ' })
    await failureOf(handle)

    expect(calls).toEqual([['Error: broken', handle.id, 3, 'a.csv']])
  })

  test('is called if a middleware throws around the run', async () => {
    const shop = await openFixture()
    const calls: string[] = []
    const job = defineJob(
      { name: 'guarded', retry: 1, onFailed: ({ error }) => void calls.push(error.message) },
      () => 'done',
    )
    await shop.work(job, { middleware: [{ run: () => Promise.reject(new TypeError('no context')) }] })
    await failureOf(await shop.jobs.enqueue(job))

    expect(calls).toEqual(['no context'])
  })

  test('gets the error that the job threw', async () => {
    class CardDeclined extends Error {}
    const shop = await openFixture()
    const errors: Error[] = []
    const job = defineJob(
      { name: 'reporting', retry: false, onFailed: ({ error }) => errors.push(error) },
      () => {
        throw new CardDeclined('no money')
      },
    )
    await shop.work(job)
    await failureOf(await shop.jobs.enqueue(job))

    expect(errors).toHaveLength(1)
    expect(errors[0]).toBeInstanceOf(CardDeclined)
  })

  test('is not called for a run that completes', async () => {
    const shop = await openFixture()
    let calls = 0
    const job = defineJob({ name: 'fine', onFailed: () => calls++ }, () => 'done')
    await shop.work(job)
    await (await shop.jobs.enqueue(job)).result({ timeout: '2m' })

    expect(calls).toBe(0)
  })

  test('is called again when a manual retry fails for good', async () => {
    const shop = await openFixture()
    let calls = 0
    const job = defineJob({ name: 'again', onFailed: () => calls++ }, async ({ step }) =>
      step.run('one', () => Promise.reject(new Error('no')), { retry: false }),
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)
    await handle.retry()
    await failureOf(handle)

    expect(calls).toBe(2)
  })

  test('that throws is retried, and does not change the error of the run', async () => {
    const shop = await openFixture()
    let calls = 0
    const job = defineJob(
      {
        name: 'throwing',
        retry: false,
        onFailed: () => {
          calls++
          if (calls === 1) throw new Error('mail server down')
        },
      },
      () => {
        throw new Error('the reason')
      },
    )
    await shop.work(job)

    expect(await failureOf(await shop.jobs.enqueue(job))).toMatchObject({ message: 'the reason' })
    expect(calls).toBe(2)
    expect(shop.lines.filter(({ message }) => message === 'onFailed threw')).toHaveLength(1)
  })

  test('is absent from the steps that a retry keeps or repeats', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'plan', onFailed: () => undefined }, async ({ step }) => {
      await step.run('one', () => 1)
      await step.run('two', () => Promise.reject(new Error('no')), { retry: false })
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)

    expect(await handle.retry({ dryRun: true })).toEqual({ runsAgain: ['two'], keeps: ['one'] })
  })
})
