import { describe, expect, onTestFinished, test } from 'vitest'
import type { WorkerDrain } from '../../../runtime/store/worker-drain.ts'
import { defineJob, type Jobs } from '../../../sdk/index.ts'
import { type Gate, gate, openFixture } from '../../support/fixture.ts'
import { bothStores } from '../../support/stores/both-stores.ts'

const minuteMs = 60_000

/** A worker that can't end its drain until `goOn` opens. */
async function heldWorker(open: () => Promise<object>) {
  const { jobs, work } = await openFixture(await open())
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

/** Resolves once the worker has reported its drain. */
async function drainTold({ inspector }: Jobs): Promise<WorkerDrain> {
  const read = async () => (await inspector.workers())[0]?.drain
  await expect.poll(read, { timeout: 60_000 }).toHaveProperty('leftMs')
  return (await read()) as WorkerDrain
}

describe.each(bothStores)('on the %s store a draining worker reports', (_, open) => {
  test('the author of an order, and the rest of its stopTimeout', async () => {
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

  test('the rest of the time that its program allows', async () => {
    const { jobs, worker, goOn } = await heldWorker(open)
    const stopped = worker.stop({ timeout: '10m' })
    const drain = await drainTold(jobs)
    expect(drain.cause).toBe('program')
    expect(drain.leftMs).toBeLessThanOrEqual(10 * minuteMs)
    expect(drain.leftMs).toBeGreaterThan(5 * minuteMs)
    goOn.open()
    await stopped
  })

  test('the outcome of each of its runs', async () => {
    const { jobs, lines, work } = await openFixture(await open())
    const [begun, goOn]: [Gate[], Gate] = [[gate(), gate()], gate()]
    onTestFinished(() => goOn.open())
    const inStep = defineJob({ name: 'in-step' }, async ({ step }) => {
      await step.run('long', async () => {
        begun[0]?.open()
        await goOn.opened
      })
      await step.run('after', () => 1)
    })
    const once = defineJob({ name: 'once' }, async ({ step }) => {
      const body = async (): Promise<void> => {
        begun[1]?.open()
        await goOn.opened
      }
      await step.run('charge', body, { atMostOnce: true })
    })
    const worker = await work([inStep, once], { name: 'held', stopTimeout: '1h' })
    const [long, charge] = [await jobs.enqueue(inStep), await jobs.enqueue(once)]
    await Promise.all(begun.map(({ opened }) => opened))
    expect(await jobs.inspector.workers()).toHaveLength(1)
    const stopped = worker.stop()
    await drainTold(jobs)
    const runs = async () => {
      const told = (await jobs.inspector.workers())[0]?.drain?.runs
      return told?.toSorted((a, b) => (a.plan < b.plan ? -1 : 1))
    }
    await expect.poll(runs, { timeout: 60_000 }).toEqual([
      { run: charge.id, plan: 'finishing once', path: 'charge' },
      { run: long.id, plan: 'finishing step', path: 'long' },
    ])
    const logged = lines
      .filter(({ fields }) => 'step' in fields)
      .map(({ fields }) => [fields.run, fields.step])
    expect(logged).toEqual(
      expect.arrayContaining([
        [long.id, 'long'],
        [charge.id, 'charge'],
      ]),
    )
    goOn.open()
    await stopped
    expect(await jobs.inspector.run(long.id)).toMatchObject({ state: 'ready', losses: 0 })
  })

  test('the steps it cuts when its time is over', async () => {
    const { jobs, lines, work } = await openFixture(await open())
    const [begun, goOn]: [Gate, Gate] = [gate(), gate()]
    onTestFinished(() => goOn.open())
    const job = defineJob({ name: 'deaf' }, async ({ step }) => {
      await step.run('long', async () => {
        begun.open()
        await goOn.opened
      })
    })
    const worker = await work(job, { name: 'held', stopTimeout: '1h' })
    const run = await jobs.enqueue(job)
    await begun.opened
    const stopped = worker.stop({ timeout: 0 })
    await worker.stopped
    goOn.open()
    await stopped
    expect(lines.filter(({ level }) => level === 'warn')).toContainEqual({
      ...{ level: 'warn', fields: { run: run.id, step: 'long' } },
      message: 'the run is cut: its step has not ended in time, and runs again elsewhere',
    })
  })
  test('the at-most-once step that continues after that, until the process must end', async () => {
    const { jobs, lines, work } = await openFixture(await open())
    const [begun, goOn]: [Gate, Gate] = [gate(), gate()]
    onTestFinished(() => goOn.open())
    const job = defineJob({ name: 'once' }, ({ step }) =>
      step.run(
        'charge',
        async () => {
          begun.open()
          await goOn.opened
        },
        { atMostOnce: true },
      ),
    )
    const worker = await work(job, { name: 'held', stopTimeout: '1h' })
    const run = await jobs.enqueue(job)
    await begun.opened
    const stopped = worker.stop({ timeout: 0 })
    const isUncut = (): boolean => lines.some(({ message }) => message.includes("it isn't cut"))
    await expect.poll(isUncut, { timeout: 60_000 }).toBe(true)
    goOn.open()
    await stopped
    const messages = lines.map(({ message }) => message)
    expect(messages.indexOf('a run left its slot')).toBeGreaterThan(-1)
    expect(messages.indexOf('a run left its slot')).toBeLessThan(messages.indexOf('worker stopped'))
    expect(lines.filter(({ level }) => level === 'error')).toEqual([])
    expect(await jobs.inspector.run(run.id)).toMatchObject({ state: 'completed', losses: 0 })
  })
})
