import { describe, expect, test } from 'vitest'
import { defineJob, FatalError, StepFailedError } from '../../../sdk/index.ts'
import { failureOf, journalOf, openFixture, rejection } from '../../support/fixture.ts'

const fail = (message: string): never => {
  throw new FatalError(message)
}

describe('a run that is retried', () => {
  test('gets the stored results and runs only the failed step', async () => {
    const shop = await openFixture()
    const bodies: string[] = []
    let broken = true
    const job = defineJob({ name: 'import' }, async ({ step }) => {
      const made = await step.run('download', () => {
        bodies.push('download')
        return { at: new Date(5), rows: undefined }
      })
      await step.run('insert', () => {
        bodies.push('insert')
        if (broken) fail('disk full')
      })
      return made
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)
    broken = false

    expect(await handle.retry()).toEqual({ runsAgain: ['insert'], keeps: ['download'] })
    await expect(handle.result({ timeout: '2m' })).resolves.toStrictEqual({
      at: new Date(5),
      rows: undefined,
    })
    expect(bodies).toEqual(['download', 'insert', 'insert'])
  })

  test('runs a named step and everything stored after it again', async () => {
    const shop = await openFixture()
    const bodies: string[] = []
    let broken = true
    const job = defineJob({ name: 'import' }, async ({ step }) => {
      for (const name of ['a', 'b', 'c']) await step.run(name, () => bodies.push(name))
      await step.run('d', () => broken && fail('no'))
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)
    broken = false

    expect(await handle.retry({ from: 'b' })).toEqual({ runsAgain: ['b', 'c', 'd'], keeps: ['a'] })
    await handle.result({ timeout: '2m' })
    expect(bodies).toEqual(['a', 'b', 'c', 'b', 'c'])
    expect(await journalOf(shop.jobs, handle.id)).toEqual(['a done', 'b done', 'c done', 'd done'])
  })

  test('does not change after a dry run, which returns the plan', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'import' }, async ({ step }) => {
      await step.run('a', () => 1)
      await step.run('b', () => fail('no'))
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)
    const before = await journalOf(shop.jobs, handle.id)

    expect(await handle.retry({ dryRun: true })).toEqual({ runsAgain: ['b'], keeps: ['a'] })
    expect(await handle.retry({ from: 'a', dryRun: true })).toEqual({ runsAgain: ['a', 'b'], keeps: [] })
    expect((await handle.status()).state).toBe('failed')
    expect(await journalOf(shop.jobs, handle.id)).toEqual(before)
  })

  test('throws a stored failure that the job caught again, without running the body', async () => {
    const shop = await openFixture()
    let bodies = 0
    let broken = true
    const job = defineJob({ name: 'fallback' }, async ({ step }) => {
      const first = await step
        .run(
          'primary',
          () => {
            bodies++
            throw new RangeError('down')
          },
          { retry: false },
        )
        .catch((error: unknown) => error)
      if (broken) fail('later')
      return first instanceof StepFailedError && [first.message, first.cause instanceof RangeError]
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)
    broken = false
    await handle.retry()

    await expect(handle.result({ timeout: '2m' })).resolves.toEqual([
      "step 'primary' failed after 1 attempt: down",
      true,
    ])
    expect(bodies).toBe(1)
  })

  test('starts over with attempt 1', async () => {
    const shop = await openFixture()
    const attempts: number[] = []
    const job = defineJob({ name: 'attempts', retry: { maxAttempts: 2, initialInterval: 1 } }, ({ run }) => {
      attempts.push(run.attempt)
      throw new Error('no')
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)
    await handle.retry()
    await failureOf(handle)

    expect(attempts).toEqual([1, 2, 1, 2])
  })

  test('must have ended, without completing', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'fine' }, () => 'done')
    const handle = await shop.jobs.enqueue(job)
    expect(await rejection(handle.retry())).toMatchObject({
      code: 'RUN_STATE',
      message: expect.stringMatching(/is ready/),
    })
    await shop.work(job)
    await handle.result({ timeout: '2m' })

    expect(await rejection(handle.retry())).toMatchObject({
      code: 'RUN_STATE',
      message: expect.stringMatching(/completed/),
    })
  })

  test('from an unstored step is refused with a list of the stored ones', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'import' }, async ({ step }) => {
      await step.run('a', () => 1)
      fail('no')
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)

    const refused = await rejection(handle.retry({ from: 'z' }))
    expect(refused).toMatchObject({
      code: 'RUN_STATE',
      message: expect.stringMatching(/no step 'z'; it has: a$/),
    })
  })

  test('with an unknown option is refused by its name, and nothing changes', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'import' }, () => fail('no'))
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)

    const wrong = { form: 'a', dryrun: true } as { dryRun?: boolean }
    expect(await rejection(handle.retry(wrong))).toMatchObject({ code: 'INVALID_OPTIONS' })
    expect((await handle.status()).state).toBe('failed')
  })
})

describe('code that changed under a stored journal', () => {
  test('blocks the run with a readable reason if a step became another kind', async () => {
    const shop = await openFixture()
    const old = defineJob({ name: 'drift' }, async ({ step }) => {
      await step.run('rest', () => 1)
      fail('no')
    })
    const first = await shop.work(old)
    const handle = await shop.jobs.enqueue(old)
    await failureOf(handle)
    await first.stop()

    const left = Promise.withResolvers<string>()
    const changed = defineJob({ name: 'drift' }, async ({ step }) => step.sleep('rest', 1))
    await shop.work(changed, {
      middleware: [
        {
          run: async (_context, next) => {
            const stay = await next()
            left.resolve(stay.outcome)
            return stay
          },
        },
      ],
    })
    await handle.retry()

    expect(await left.promise).toBe('blocked')
    const { state, error } = await handle.status()
    expect(state).toBe('blocked')
    expect(error?.message).toBe(
      "step 'rest' is stored as 'run' but the code calls it as 'sleep'; " +
        'rename the new step or deploy code that keeps the old kind, and the run continues',
    )
  })

  test('runs added steps and leaves removed ones behind', async () => {
    const shop = await openFixture()
    const old = defineJob({ name: 'drift' }, async ({ step }) => {
      await step.run('kept', () => 'old')
      await step.run('removed', () => 'old')
      fail('no')
    })
    const first = await shop.work(old)
    const handle = await shop.jobs.enqueue(old)
    await failureOf(handle)
    await first.stop()

    const changed = defineJob({ name: 'drift' }, async ({ step }) => [
      await step.run('kept', () => 'new'),
      await step.run('added', () => 'new'),
    ])
    await shop.work(changed)
    await handle.retry()

    await expect(handle.result({ timeout: '2m' })).resolves.toEqual(['old', 'new'])
    expect(await journalOf(shop.jobs, handle.id)).toEqual(['kept done', 'removed done', 'added done'])
  })
})
