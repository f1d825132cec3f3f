import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker as Thread } from 'node:worker_threads'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createLogger, createWorker } from '../../../runtime/index.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import { beatSlots, type FromLeaseThread } from '../../../runtime/worker/lease-messages.ts'
import { startLeaseThread } from '../../../runtime/worker/start-lease-thread.ts'
import { defineJob, LeaseThreadError } from '../../../sdk/index.ts'
import { gate, openFixture, rejection } from '../../support/fixture.ts'

const idle = defineJob({ name: 'idle' }, () => 'done')

/** Calls `each` with every thread that is made until the test ends. */
function onThread(each: (thread: Thread) => void): void {
  process.on('worker', each)
  onTestFinished(() => void process.off('worker', each))
}

/** Ends a lease thread by an error that nothing in it catches. */
async function kill(thread: Thread): Promise<void> {
  const ended = new Promise((resolve) => thread.once('exit', resolve))
  thread.postMessage(null)
  await ended
}

async function status(port: number | undefined, path: string): Promise<number> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).status
}

describe('a lease thread that dies', () => {
  test('is restarted on the same port, and keeps the lease of a worker that continues', async () => {
    const threads: Thread[] = []
    onThread((thread) => threads.push(thread))
    const shop = await openFixture()
    const [begun, goOn] = [gate(), gate()]
    const job = defineJob({ name: 'held' }, async ({ step }) =>
      step.run('hold', async () => {
        begun.open()
        await goOn.opened
        return 'held on'
      }),
    )
    const worker = await shop.work(job, { healthPort: 0 })
    const port = await worker.healthPort()
    const handle = await shop.jobs.enqueue(job)
    await begun.opened
    await kill(threads[0] as Thread)

    // Ready means that this thread has renewed.
    await expect.poll(() => status(port, '/ready')).toBe(200)
    expect(threads).toHaveLength(2)
    goOn.open()
    expect(await handle.result({ timeout: '2m' })).toBe('held on')
    expect(await handle.status()).toMatchObject({ attempt: 1, losses: 0 })
    const told = shop.lines.filter(({ message }) => message === 'the lease thread died')
    expect(told).toMatchObject([{ level: 'error', fields: { err: { name: 'TypeError' } } }])
    await worker.stop()
  })

  test('repeatedly ends its worker: it hands over, and run() resolves to 1', async () => {
    const threads: Thread[] = []
    onThread((thread) => threads.push(thread))
    const shop = await openFixture()
    const lines: string[] = []
    const logger = {
      debug: vi.fn(),
      info: vi.fn(),
      warn: vi.fn(),
      error: (_: object, text = '') => lines.push(text),
    }
    const worker = createWorker({ store: shop.store, jobs: [idle], handleSignals: false, logger })
    const ended = worker.run()
    for (let died = 0; died < 4; died++) {
      await expect.poll(() => threads.length).toBe(died + 1)
      await kill(threads[died] as Thread)
    }

    expect(await ended).toBe(1)
    expect(threads).toHaveLength(4)
    expect(lines).toEqual([
      ...Array.from({ length: 4 }, () => 'the lease thread died'),
      'the worker ends: its lease thread is gone',
    ])
    expect(await shop.jobs.inspector.workers()).toEqual([])
  })
})

describe('a lease thread that can’t start', () => {
  test('prevents the worker’s start, with a named error, before it reaches the store', async () => {
    onThread((thread) => void thread.terminate())
    const shop = await openFixture()

    const failure = await rejection(shop.work(idle))
    expect(failure).toBeInstanceOf(LeaseThreadError)
    expect(failure).toMatchObject({
      code: 'LEASE_THREAD',
      message: expect.stringMatching(/can't start: it ended with exit code \d; .*--allow-worker/),
    })
    expect(await shop.jobs.inspector.workers()).toEqual([])
  })

  test('makes run() resolve to 1', async () => {
    onThread((thread) => void thread.terminate())
    const shop = await openFixture()
    const logger = { ...createLogger({ level: 'error' }), error: vi.fn() }
    const worker = createWorker({ store: shop.store, jobs: [idle], handleSignals: false, logger })

    expect(await worker.run()).toBe(1)
    const err = expect.objectContaining({ name: 'LeaseThreadError', code: 'LEASE_THREAD' })
    expect(logger.error).toHaveBeenCalledWith({ err }, 'the worker could not start')
    expect(await shop.jobs.inspector.workers()).toEqual([])
  })

  test('after a working first thread, a later failing one ends the worker', async () => {
    let count = 0
    const threads: Thread[] = []
    onThread((thread) => {
      count++
      if (count > 1) void thread.terminate()
      threads.push(thread)
    })
    const shop = await openFixture()
    const worker = await shop.work(idle)
    await kill(threads[0] as Thread)
    await worker.stopped

    expect(count).toBe(2)
    expect(shop.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'the worker ends: its lease thread is gone' }),
    )
    expect(await shop.jobs.inspector.workers()).toEqual([])
  })
})

test('a lease thread does not create a store that was deleted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lease-thread-'))
  await rm(folder, { recursive: true })
  const failed = Promise.withResolvers<FromLeaseThread>()
  const thread = await startLeaseThread(
    {
      store: { ...parseStoreConfig(`sqlite:${join(folder, 'jobs.db')}`), password: undefined },
      beats: new Int32Array(new SharedArrayBuffer(beatSlots.length * Int32Array.BYTES_PER_ELEMENT)),
      ...{ asksForPassword: false, leaseMs: 10_000, maxBlockedMs: 60_000, healthPort: undefined },
    },
    failed.resolve,
  )
  thread.post({ kind: 'keep', lease: 'lease' })

  expect(await failed.promise).toMatchObject({ kind: 'failed', reason: expect.stringContaining(folder) })
  expect(existsSync(folder)).toBe(false)
  thread.post({ kind: 'stop' })
  await thread.ended
})
