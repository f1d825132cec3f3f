import { describe, expect, test } from 'vitest'
import { AbortedError, defineJob } from '../../../sdk/index.ts'
import { abortOf, failureOf, openFixture } from '../../support/fixture.ts'

describe('a step that takes longer than its timeout', () => {
  test('fails by name, and its signal aborts with the reason', async () => {
    const shop = await openFixture()
    const reasons: unknown[] = []
    const job = defineJob({ name: 'slow' }, async ({ step }) =>
      step.run(
        'wait',
        async ({ signal }) => {
          reasons.push(await abortOf(signal))
          throw signal.reason
        },
        { timeout: 10, retry: false },
      ),
    )
    await shop.work(job)
    const failure = await failureOf(await shop.jobs.enqueue(job))

    expect(failure).toMatchObject({
      name: 'StepFailedError',
      cause: { name: 'StepTimeoutError', code: 'STEP_TIMEOUT' },
    })
    expect(failure.message).toMatch(/step 'wait' took longer than its timeout of 10 ms/)
    expect(reasons).toEqual([expect.objectContaining({ name: 'AbortError', reason: 'timeout' })])
    expect(reasons[0]).toBeInstanceOf(AbortedError)
  })

  test('is retried, each attempt with a timeout and a signal of its own', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'second-time' }, async ({ step }) =>
      step.run(
        'wait',
        async ({ signal, attempt }) => {
          if (attempt === 1) throw await abortOf(signal)
          return [attempt, signal.aborted]
        },
        { timeout: 20, retry: { initialInterval: 1 } },
      ),
    )
    await shop.work(job)
    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toEqual([2, false])
  })

  test('does not begin its next attempt while the last body runs', async () => {
    const shop = await openFixture()
    let running = 0
    const most: number[] = []
    const job = defineJob({ name: 'no-overlap' }, async ({ step }) =>
      step.run(
        'wait',
        async ({ signal, attempt }) => {
          most.push(++running)
          if (attempt === 1) {
            await abortOf(signal)
            await new Promise((resolve) => setTimeout(resolve, 30))
          }
          running--
        },
        { timeout: 10, retry: { initialInterval: 0 } },
      ),
    )
    await shop.work(job)
    await (await shop.jobs.enqueue(job)).result({ timeout: '2m' })

    expect(most).toEqual([1, 1])
  })

  test('is not failed if it ends in time', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'in-time' }, async ({ step }) =>
      step.run('quick', ({ signal }) => signal.aborted, { timeout: '5s' }),
    )
    await shop.work(job)
    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toBe(false)
  })
})
