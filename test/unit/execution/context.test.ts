import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Middleware } from '../../../runtime/index.ts'
import { defineJob, FatalError, RetryAfterError, type RunInfo } from '../../../sdk/index.ts'
import { abortOf, type Fixture, failureOf, gate, journalOf, openFixture } from '../../support/fixture.ts'
import { bothStores } from '../../support/stores/both-stores.ts'

describe('the context of a job', () => {
  test('has the input that the schema produced, parsed once', async () => {
    const shop = await openFixture()
    let parsed = 0
    const input = z
      .object({ day: z.string().transform((day) => new Date(`${day}T00:00Z`)) })
      .transform((value) => {
        parsed++
        return value
      })
    const job = defineJob({ name: 'parse', input }, ({ input }) => input.day)
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job, { day: '2026-01-02' })

    await expect(handle.result({ timeout: '2m' })).resolves.toEqual(new Date('2026-01-02T00:00Z'))
    expect(parsed).toBe(1)
  })

  test('describes its run', async () => {
    const shop = await openFixture()
    const before = Date.now()
    const seen: RunInfo[] = []
    const job = defineJob({ name: 'info', version: 3, queue: 'mails' }, ({ run }) => {
      seen.push(run)
    })
    await shop.work(job)
    const options = { id: 'order-1', tags: ['eu', 'vip'], headers: { trace: 't-1' } }
    await (await shop.jobs.enqueue(job, undefined, options)).result({ timeout: '2m' })

    expect(seen).toEqual([
      {
        ...options,
        job: 'info',
        version: 3,
        queue: 'mails',
        attempt: 1,
        losses: 0,
        protect: false,
        enqueuedAt: expect.any(Date),
      },
    ])
    expect(seen[0]?.enqueuedAt.getTime()).toBeGreaterThanOrEqual(before)
  })

  test('has a signal that is not aborted while the job runs well', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'signal' }, async ({ step, abortSignal }) => [
      abortSignal.aborted,
      await step.run('look', ({ signal }) => signal.aborted),
    ])
    await shop.work(job)
    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toEqual([false, false])
  })

  test('has all its fields in a copy too, and so has the argument of a run hook', async () => {
    const shop = await openFixture()
    const copies: object[] = []
    const job = defineJob({ name: 'copied', input: z.number() }, async (context) => {
      const { step, ...others } = { ...context }
      copies.push(others)
      return step.run('one', () => others.input + 1)
    })
    const run: Middleware['run'] = (stay, next) => {
      copies.push({ ...stay })
      return next()
    }
    await shop.work(job, { middleware: [{ run }] })
    const handle = await shop.jobs.enqueue(job, 6)

    await expect(handle.result({ timeout: '2m' })).resolves.toBe(7)
    const info = expect.objectContaining({ id: handle.id, job: 'copied' })
    const log = expect.objectContaining({ warn: expect.any(Function) })
    expect(copies).toEqual([
      { run: info, signal: expect.any(AbortSignal) },
      { input: 6, run: info, log, abortSignal: expect.any(AbortSignal) },
    ])
  })

  test('has one object per field, however often the job reads it', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'read twice' }, (context) =>
      (['step', 'run', 'log', 'abortSignal'] as const).map(
        (field) => new Set([context[field], context[field]]).size,
      ),
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await expect(handle.result({ timeout: '2m' })).resolves.toEqual([1, 1, 1, 1])
  })

  test('has a signal with its reason, even if the job first reads it after the cancel', async () => {
    const shop = await openFixture()
    const begun = gate()
    const seen = gate<AbortSignal>()
    const job = defineJob({ name: 'late' }, (context) =>
      context.step.run('wait', async ({ signal }) => {
        begun.open()
        await abortOf(signal)
        seen.open(context.abortSignal)
      }),
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await begun.opened
    await handle.cancel({ by: 'ana' })

    const { aborted, reason } = await seen.opened
    expect([aborted, reason]).toEqual([true, expect.objectContaining({ reason: 'cancelled' })])
  })

  test('lets steps begin that a function calls but doesn’t await before it returns', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'not awaited' }, ({ step }) => {
      void step.run('a', () => 1)
      return 'returned'
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    await expect(handle.result({ timeout: '2m' })).resolves.toBe('returned')
    expect(await journalOf(shop.jobs, handle.id)).toEqual(['a done'])
  })
})

describe('the log of a job', () => {
  test('names the run and the job on every line', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'logging' }, async ({ log, step }) => {
      log.warn({ rows: 5 }, 'from the job')
      await step.run('one', (context) => context.log.info({ rows: 6 }, 'from the step'))
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await handle.result({ timeout: '2m' })

    const common = { run: handle.id, job: 'logging' }
    expect(shop.lines).toContainEqual({
      level: 'warn',
      message: 'from the job',
      fields: expect.objectContaining({ ...common, rows: 5 }),
    })
    expect(shop.lines).toContainEqual({
      level: 'info',
      message: 'from the step',
      fields: expect.objectContaining({ ...common, rows: 6 }),
    })
  })

  test('is silent while stored steps are replayed, so that a line is written once', async () => {
    const shop = await openFixture()
    let broken = true
    const job = defineJob({ name: 'replaying' }, async ({ log, step }) => {
      log.info({}, 'before a')
      await step.run('a', () => 1)
      log.info({}, 'between a and b')
      await step.run('b', () => 1)
      log.info({}, 'after b')
      if (broken) throw new FatalError('no')
      await step.run('c', () => 1)
      log.info({}, 'after c')
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)
    broken = false
    await handle.retry()
    await handle.result({ timeout: '2m' })

    const lines = shop.lines
      .map(({ message }) => message)
      .filter((message) => /before|between|after/.test(message))
    expect(lines).toEqual(['before a', 'between a and b', 'after b', 'after b', 'after c'])
  })

  describe.each(bothStores)('is written once, %s', (_store, storeOf) => {
    test('before a sleep after which the run is suspended', async () => {
      const shop = await openFixture(await storeOf())
      const job = defineJob({ name: 'napping' }, async ({ log, step }) => {
        log.info({}, 'before')
        await step.run('a', () => 1)
        log.info({}, 'between')
        await step.sleep('rest', 1_500)
        log.info({}, 'after')
      })
      await shop.work(job)
      await (await shop.jobs.enqueue(job)).result({ timeout: '2m' })
      expect(messagesOf(shop)).toEqual(['before', 'between', 'after'])
    })

    test('before the pause of a step that is retried', async () => {
      const shop = await openFixture(await storeOf())
      const job = defineJob({ name: 'retrying' }, async ({ log, step }) => {
        log.info({}, 'before')
        const fail = ({ attempt }: { readonly attempt: number }): void => {
          if (attempt === 1) throw new RetryAfterError('1500ms')
        }
        await step.run('a', fail)
        log.info({}, 'after')
      })
      await shop.work(job)
      await (await shop.jobs.enqueue(job)).result({ timeout: '2m' })
      expect(messagesOf(shop)).toEqual(['before', 'after'])
    })
  })

  test('is written after a new step, although the code no longer has the sleep in which the run waited', async () => {
    const shop = await openFixture()
    const before = defineJob({ name: 'changing' }, ({ step }) => step.sleep('rest', 1_500))
    const after = defineJob({ name: 'changing' }, async ({ log, step }) => {
      log.info({}, 'before')
      await step.run('new', () => 1)
      log.info({}, 'after')
    })
    const worker = await shop.work(before)
    const handle = await shop.jobs.enqueue(before)
    await expect.poll(async () => (await handle.status()).state).toBe('waiting')
    await worker.stop()
    await shop.work(after)
    await handle.result({ timeout: '2m' })
    expect(messagesOf(shop)).toEqual(['after'])
  })
})

/** The log of a job, without the lines of its worker. */
function messagesOf({ lines }: Fixture): readonly string[] {
  return lines.map(({ message }) => message).filter((message) => /^(before|between|after)$/.test(message))
}
