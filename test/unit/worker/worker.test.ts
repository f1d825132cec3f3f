import { describe, expect, test, vi } from 'vitest'
import { createLogger, createWorker } from '../../../runtime/index.ts'
import { defineJob } from '../../../sdk/index.ts'
import { abortOf, gate, openFixture, rejection } from '../../support/fixture.ts'

const quiet = createLogger({ level: 'error' })

describe('stop', () => {
  test('during a start waits for it, and leaves nothing running', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'never-run' }, () => 'ran')
    const worker = createWorker({ store: shop.store, jobs: [job], handleSignals: false, logger: quiet })
    const started = worker.start()
    await worker.stop()
    await started
    expect(await shop.jobs.inspector.workers()).toEqual([])
    const handle = await shop.jobs.enqueue(job)
    expect((await handle.status()).state).toBe('ready')
  })

  test('ends even if a middleware never does', async () => {
    const shop = await openFixture()
    const begun = gate()
    const job = defineJob({ name: 'held' }, () => 'ran')
    const worker = await shop.work(job, {
      middleware: [
        {
          run: async (_stay, next) => {
            await next()
            begun.open()
            return new Promise(() => undefined)
          },
        },
      ],
    })
    await shop.jobs.enqueue(job)
    await begun.opened
    await worker.stop({ timeout: 0 })
  }, 20_000)

  test('hands a run over at its next step edge, and another worker continues from there', async () => {
    const shop = await openFixture()
    const [begun, goOn] = [gate(), gate()]
    const bodies: string[] = []
    const job = defineJob({ name: 'handed-over' }, async ({ step, run }) => {
      const first = await step.run('first', async () => {
        bodies.push('first')
        begun.open()
        await goOn.opened
        return 1
      })
      const second = await step.run('second', () => {
        bodies.push('second')
        return 2
      })
      return [first, second, run.attempt, run.losses]
    })
    const worker = await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await begun.opened
    const stopped = worker.stop()
    goOn.open()
    await stopped

    expect(bodies).toEqual(['first'])
    expect((await handle.status()).state).toBe('ready')
    await shop.work(job)
    await expect(handle.result({ timeout: '2m' })).resolves.toEqual([1, 2, 1, 0])
    expect(bodies).toEqual(['first', 'second'])
  })

  test('aborts the signal of a listening step, whose body then runs again elsewhere', async () => {
    const shop = await openFixture()
    const begun = gate()
    const reasons: unknown[] = []
    const job = defineJob({ name: 'listening' }, async ({ step }) =>
      step.run(
        'wait',
        async ({ signal, attempt }) => {
          if (reasons.length > 0) return attempt
          begun.open()
          reasons.push(await abortOf(signal))
          throw signal.reason
        },
        { retry: false },
      ),
    )
    const worker = await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await begun.opened
    await worker.stop()
    await shop.work(job)

    await expect(handle.result({ timeout: '2m' })).resolves.toBe(1)
    expect(reasons).toEqual([expect.objectContaining({ reason: 'draining' })])
  })

  test('lets a run complete that reaches no further step', async () => {
    const shop = await openFixture()
    const [begun, goOn] = [gate(), gate()]
    const job = defineJob({ name: 'last-lines' }, async () => {
      begun.open()
      await goOn.opened
      return 'done'
    })
    const worker = await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await begun.opened
    const stopped = worker.stop()
    goOn.open()
    await stopped

    await expect(handle.result({ timeout: '2m' })).resolves.toBe('done')
  })

  test('claims no run that arrives afterwards', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'idle' }, () => 'done')
    const worker = await shop.work(job)
    await worker.stop()

    expect((await (await shop.jobs.enqueue(job)).status()).state).toBe('ready')
  })

  test('gives up a run that reaches no step edge in time', async () => {
    const shop = await openFixture()
    const begun = gate()
    const goOn = gate()
    let calls = 0
    const job = defineJob({ name: 'stubborn' }, async () => {
      calls++
      if (calls > 1) return 'elsewhere'
      begun.open()
      await goOn.opened
      return 'too late'
    })
    const worker = await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await begun.opened
    await worker.stop({ timeout: 10 })
    goOn.open()

    await shop.work(job)
    await expect(handle.result({ timeout: '2m' })).resolves.toBe('elsewhere')
  })

  test('twice has the effect of one, and stopped resolves', async () => {
    const shop = await openFixture()
    const worker = await shop.work(defineJob({ name: 'idle' }, () => 1))
    await Promise.all([worker.stop(), worker.stop(), worker.stopped])
    await worker.stop()
  })

  test('before the start is permanent', async () => {
    const shop = await openFixture()
    const worker = createWorker({ store: shop.store, jobs: [defineJob({ name: 'idle' }, () => 1)] })
    await worker.stop()

    expect(await rejection(worker.start())).toMatchObject({ code: 'INVALID_OPTIONS' })
  })
})

describe('start', () => {
  test('twice is refused by name', async () => {
    const shop = await openFixture()
    const worker = await shop.work(defineJob({ name: 'idle' }, () => 1))

    expect(await rejection(worker.start())).toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/was started before/),
    })
  })

  test('logs the worker and its jobs, and the end of each execution', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'idle' }, () => 1)
    const worker = await shop.work(job, { name: 'first-worker' })
    const handle = await shop.jobs.enqueue(job)
    await handle.result({ timeout: '2m' })
    await worker.stop()

    const told = shop.lines
      .filter(({ level }) => level !== 'debug')
      .map(({ message, fields }) => [message, fields.worker ?? fields.run ?? fields.role])
    expect(told).toEqual([
      ['worker started', 'first-worker'],
      ['this worker leads', 'leader'],
      ['a run left its slot', handle.id],
      ['this worker no longer leads', 'leader'],
      ['worker stopped', 'first-worker'],
    ])
  })

  test('shows the worker in the store until it has stopped', async () => {
    const shop = await openFixture()
    const worker = await shop.work(
      defineJob({ name: 'idle' }, () => 1),
      { name: 'first-worker', concurrency: 7 },
    )

    expect(await shop.jobs.inspector.workers()).toEqual([
      expect.objectContaining({ name: 'first-worker', concurrency: 7, pid: process.pid, draining: false }),
    ])
    await worker.stop()
    expect(await shop.jobs.inspector.workers()).toEqual([])
  })
})

describe('run', () => {
  test('resolves to 0 once the worker was drained by order', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'idle' }, () => 1)
    const worker = createWorker({
      store: shop.store,
      jobs: [job],
      name: 'ordered',
      handleSignals: false,
      logger: { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() },
    })
    const exitCode = worker.run()
    await (await shop.jobs.enqueue(job)).result({ timeout: '2m' })
    await shop.jobs.drainWorker('ordered')

    expect(await exitCode).toBe(0)
  })

  test('resolves to 1 if the store can’t be opened', async () => {
    const error = vi.fn()
    const worker = createWorker({
      store: `sqlite:${import.meta.filename}/jobs.db`,
      jobs: [defineJob({ name: 'idle' }, () => 1)],
      handleSignals: false,
      logger: { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error },
    })

    expect(await worker.run()).toBe(1)
    expect(error).toHaveBeenCalledWith(expect.anything(), 'the worker could not start')
  })
})
