import { describe, expect, onTestFinished, test } from 'vitest'
import type { WorkerDrain } from '../../../runtime/store/worker-drain.ts'
import { defineJob, type Jobs } from '../../../sdk/index.ts'
import { bothStores } from '../both-stores.ts'
import { type Gate, gate, openWorkshop } from '../workshop.ts'

const minuteMs = 60_000

/** A worker that can't end its drain until `goOn` opens. */
async function heldWorker(open: () => Promise<object>) {
  const { jobs, work } = await openWorkshop(await open())
  const [begun, goOn]: [Gate, Gate] = [gate(), gate()]
  // A test that fails ends, too.
  onTestFinished(() => goOn.open())
  const job = defineJob({ name: 'held' }, async () => {
    begun.open()
    await goOn.opened
  })
  const worker = await work(job, { name: 'held', stopTimeout: '1h' })
  await jobs.enqueue(job)
  await begun.opened
  return { jobs, worker, goOn }
}

/** Resolves once the worker has told of its drain. */
async function drainTold({ inspector }: Jobs): Promise<WorkerDrain> {
  const read = async () => (await inspector.workers())[0]?.drain
  await expect.poll(read, { timeout: 60_000 }).toHaveProperty('leftMs')
  return (await read()) as WorkerDrain
}

describe.each(bothStores)('on the %s store a worker that drains tells why', (_, open) => {
  test('by an order: whose it is, and what is left of its stopTimeout', async () => {
    const { jobs, worker, goOn } = await heldWorker(open)
    await jobs.drainWorker('held', { by: 'ana', reason: 'new kernel' })
    const drain = await drainTold(jobs)
    expect(drain).toMatchObject({ cause: 'order', by: 'ana', reason: 'new kernel' })
    expect(drain.leftMs).toBeLessThanOrEqual(60 * minuteMs)
    expect(drain.leftMs).toBeGreaterThan(50 * minuteMs)
    goOn.open()
    await worker.stopped
    expect(await jobs.inspector.workers()).toEqual([])
  })

  test('by its program: what is left of the time that the program gave', async () => {
    const { jobs, worker, goOn } = await heldWorker(open)
    const stopped = worker.stop({ timeout: '10m' })
    const drain = await drainTold(jobs)
    expect(drain.cause).toBe('program')
    expect(drain.leftMs).toBeLessThanOrEqual(10 * minuteMs)
    expect(drain.leftMs).toBeGreaterThan(5 * minuteMs)
    goOn.open()
    await stopped
  })
})
