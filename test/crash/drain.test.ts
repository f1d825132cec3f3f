import { afterAll, describe, expect, test } from 'vitest'
import type { RunHandle } from '../../sdk/index.ts'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import { Fleet, type Member } from '../support/fleet/fleet.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'
import { findViolations } from '../support/fleet/violations.ts'

const samples = provingNumber('DURABLE_JOBS_PROVE_DRAINS', 1)
const runCount = 5
const handedOver = { code: 0, signal: null }

describe.each(storeKinds)('%s', (store) => {
  const exitTimes: number[] = []

  test.each(Array.from({ length: samples }, (_, i) => i + 1))(
    'SIGTERM while steps of 200 ms run hands over and exits 0: sample %i',
    async () => {
      const fleet = await Fleet.open(store)
      const drained = await fleet.start()
      const inputs = Array.from({ length: runCount }, () => ({ steps: 4, ms: 200 }))
      const answers = await fleet.client.enqueueMany(fleet.jobs.chain, inputs)
      const handles = answers.map(({ id, handle }: { id?: string; handle?: RunHandle<number[]> }) => {
        if (handle === undefined) throw new Error(`run ${id} was rejected`)
        return handle
      })
      for (const { id } of handles) {
        await fleet.bodyLog.until(
          ({ moment, run, path }) => moment === 'start' && run === id && path === 's2',
        )
      }

      exitTimes.push(await timeToExit(drained))
      expect(await drained.exited).toEqual(handedOver)
      await fleet.start()
      for (const handle of handles) await wentOnForFree(fleet, handle, drained)
    },
  )

  afterAll(() => {
    printEvidence({
      measure: 'SIGTERM to exit, steps of 200 ms',
      store,
      samples: exitTimes.length,
      'p50 ms': percentile(exitTimes, 0.5),
      'max ms': Math.max(...exitTimes),
    })
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'a second signal, %s, abandons a body that continues',
    async (second) => {
      const fleet = await Fleet.open(store)
      // A stopTimeout that outlives the test: only the second signal can end it.
      const drained = await fleet.start({ options: { stopTimeout: '1h' } })
      const handle = await heldUp(fleet)
      drained.signal('SIGTERM')
      await fleet.bodyLog.until(({ moment, note }) => moment === 'aborted' && note === 'draining')
      await expect
        .poll(async () => (await fleet.client.inspector.workers())[0]?.drain, { timeout: 60_000 })
        .toMatchObject({ cause: 'signal', signal: 'SIGTERM' })
      drained.signal(second)

      expect(await drained.exited).toEqual(handedOver)
      await goesOnElsewhere(fleet, handle)
    },
  )

  test('a body that ignores its signal is abandoned after stopTimeout', async () => {
    const fleet = await Fleet.open(store)
    // Half of it is for the last calls, which a busy machine delays.
    const drained = await fleet.start({ options: { stopTimeout: 6_000 } })
    const handle = await heldUp(fleet)
    drained.signal('SIGTERM')

    expect(await drained.exited).toEqual(handedOver)
    await goesOnElsewhere(fleet, handle)
  })

  test('a drain order hands over like a signal', async () => {
    const fleet = await Fleet.open(store)
    const drained = await fleet.start()
    const handle = await fleet.client.enqueue(fleet.jobs.chain, { steps: 4, ms: 100 })
    await fleet.bodyLog.until(({ moment, path }) => moment === 'start' && path === 's2')
    const [worker] = await fleet.client.inspector.workers()
    await fleet.client.drainWorker(worker?.name ?? '', { by: 'test' })

    expect(await drained.exited).toEqual(handedOver)
    await fleet.start()
    await wentOnForFree(fleet, handle, drained)
  })
})

async function timeToExit(worker: Member): Promise<number> {
  const begun = Date.now()
  worker.signal('SIGTERM')
  await worker.exited
  return Date.now() - begun
}

/** A run in a body that never ends and does not listen. */
async function heldUp(fleet: Fleet): Promise<RunHandle<number>> {
  const handle = await fleet.client.enqueue(fleet.jobs.stubborn)
  await fleet.bodyLog.until(({ moment, path }) => moment === 'start' && path === 'hold')
  return handle
}

async function goesOnElsewhere(fleet: Fleet, handle: RunHandle<number>): Promise<void> {
  const other = await fleet.start()
  expect(await handle.result({ timeout: '2m' })).toBe(other.pid)
  expect(await handle.status()).toMatchObject({ attempt: 1, losses: 0 })
}

/** The run has completed in two processes, without a body started twice, an attempt or a loss. */
async function wentOnForFree(fleet: Fleet, handle: RunHandle<number[]>, drained: Member): Promise<void> {
  const pids = await handle.result({ timeout: '2m' })
  expect(new Set(pids).size).toBe(2)
  expect(pids[0]).toBe(drained.pid)
  expect(await handle.status()).toMatchObject({ state: 'completed', attempt: 1, losses: 0 })
  const starts = fleet.lines.filter(({ moment, run }) => moment === 'start' && run === handle.id)
  expect(starts).toHaveLength(pids.length)
  expect(await findViolations(fleet, [handle.id])).toEqual([])
}
