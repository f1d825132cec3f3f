import { describe, expect, test } from 'vitest'
import { defineJob } from '../../../sdk/index.ts'
import { gate, openFixture, rejection } from '../../support/fixture.ts'

describe('a run starts', () => {
  test('by priority, higher first, then in the order of the enqueue', async () => {
    const shop = await openFixture()
    const order: string[] = []
    const job = defineJob<string, void>({ name: 'note', priority: 5 }, ({ input }) => {
      order.push(input)
    })
    const handles = [
      await shop.jobs.enqueue(job, 'low', { priority: -10 }),
      await shop.jobs.enqueue(job, 'first of the job'),
      await shop.jobs.enqueue(job, 'second of the job'),
      await shop.jobs.enqueue(job, 'high', { priority: 1_000 }),
    ]
    await shop.work(job, { concurrency: 1 })
    await Promise.all(handles.map((handle) => handle.result({ timeout: '2m' })))

    expect(order).toEqual(['high', 'first of the job', 'second of the job', 'low'])
  })

  test('not before its delay is over, also on a worker that was idle', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'later' }, ({ run }) => Date.now() - run.enqueuedAt.getTime())
    await shop.work(job)
    await (await shop.jobs.enqueue(job)).result({ timeout: '2m' })
    const handle = await shop.jobs.enqueue(job, undefined, { delay: 60 })

    expect(await handle.result({ timeout: '2m' })).toBeGreaterThanOrEqual(60)
  })

  test('not before its instant', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'later' }, () => Date.now())
    const at = new Date(Date.now() + 60)
    const handle = await shop.jobs.enqueue(job, undefined, { at })
    await shop.work(job)

    expect(await handle.result({ timeout: '2m' })).toBeGreaterThanOrEqual(at.getTime())
  })

  test('at once if its instant has passed', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'late' }, () => 'done')
    const handle = await shop.jobs.enqueue(job, undefined, { at: new Date(0) })

    expect((await handle.status()).state).toBe('ready')
    await shop.work(job)
    await expect(handle.result({ timeout: '2m' })).resolves.toBe('done')
  })

  test('never if no worker started it within its expiresIn', async () => {
    const shop = await openFixture()
    let began = false
    const job = defineJob({ name: 'stale' }, () => {
      began = true
    })
    const handle = await shop.jobs.enqueue(job, undefined, { expiresIn: 0 })
    await shop.work(job)

    const error = await rejection(handle.result({ timeout: '2m' }))
    expect(error).toMatchObject({ name: 'RunExpiredError', code: 'RUN_EXPIRED', runId: handle.id })
    expect(began).toBe(false)
  })

  test('in time if a worker claims it before its expiresIn, however long it then runs', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'fresh' }, async ({ step }) => {
      await step.sleep('longer than its expiry', '3s')
      return 'done'
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job, undefined, { expiresIn: '3s' })

    await expect(handle.result({ timeout: '2m' })).resolves.toBe('done')
  })

  test('only on a worker that knows its job', async () => {
    const shop = await openFixture()
    const known = defineJob({ name: 'known' }, () => 'done')
    const unknown = defineJob({ name: 'unknown' }, () => 'done')
    const other = await shop.jobs.enqueue(unknown, undefined, { priority: 100 })
    await shop.work(known)
    await (await shop.jobs.enqueue(known)).result({ timeout: '2m' })

    expect((await other.status()).state).toBe('ready')
  })

  test('only on a worker of its version or a newer one', async () => {
    const shop = await openFixture()
    const newer = defineJob({ name: 'job', version: 2 }, () => 'by version 2')
    const older = defineJob({ name: 'job', version: 1 }, () => 'by version 1')
    const ofNewer = await shop.jobs.enqueue(newer, undefined, { priority: 100 })
    const ofOlder = await shop.jobs.enqueue(older)
    await shop.work(older)

    await expect(ofOlder.result({ timeout: '2m' })).resolves.toBe('by version 1')
    expect((await ofNewer.status()).state).toBe('ready')
    await shop.work(newer)
    await expect(ofNewer.result({ timeout: '2m' })).resolves.toBe('by version 2')
  })

  test('only on a worker of its queue', async () => {
    const shop = await openFixture()
    const mail = defineJob({ name: 'mail', queue: 'mails' }, () => 'sent')
    const file = defineJob({ name: 'file', queue: 'files' }, () => 'read')
    const mailRun = await shop.jobs.enqueue(mail)
    await shop.work([mail, file], { queues: ['files'] })
    await (await shop.jobs.enqueue(file)).result({ timeout: '2m' })

    expect((await mailRun.status()).state).toBe('ready')
  })

  test('only if its queue is not paused', async () => {
    const shop = await openFixture()
    const mail = defineJob({ name: 'mail', queue: 'mails' }, () => 'sent')
    const file = defineJob({ name: 'file', queue: 'files' }, () => 'read')
    await shop.jobs.pauseQueue('mails', { by: 'ana', reason: 'provider is down' })
    const handle = await shop.jobs.enqueue(mail)
    await shop.work([mail, file])
    await (await shop.jobs.enqueue(file)).result({ timeout: '2m' })

    expect((await handle.status()).state).toBe('ready')
    await shop.jobs.resumeQueue('mails')
    await expect(handle.result({ timeout: '2m' })).resolves.toBe('sent')
  })

  test('beside others, up to the concurrency of the worker', async () => {
    const shop = await openFixture()
    const goOn = gate()
    const three = gate()
    let running = 0
    let most = 0
    const job = defineJob({ name: 'busy' }, async ({ step }) =>
      step.run('work', async () => {
        running++
        most = Math.max(most, running)
        if (running === 3) three.open()
        await goOn.opened
        running--
      }),
    )
    const handles = await Promise.all(Array.from({ length: 6 }, () => shop.jobs.enqueue(job)))
    await shop.work(job, { concurrency: 3 })
    await three.opened
    goOn.open()
    await Promise.all(handles.map((handle) => handle.result({ timeout: '2m' })))

    expect(most).toBe(3)
  })
})
