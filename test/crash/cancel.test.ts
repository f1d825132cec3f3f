import { afterAll, describe, expect, test } from 'vitest'
import { RunCancelledError } from '../../sdk/index.ts'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import { Fleet } from '../support/fleet/fleet.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'

const samples = provingNumber('DURABLE_JOBS_PROVE_CANCELS', 3)

describe.each(storeKinds)('%s', (store) => {
  const latencies: number[] = []

  test("a cancel reaches a running step's signal in another process", async () => {
    const fleet = await Fleet.open(store)
    await fleet.start()
    for (let i = 0; i < samples; i++) latencies.push(await cancelRunning(fleet))
  })

  afterAll(() =>
    printEvidence({
      measure: "cancel to the step's signal",
      store,
      samples: latencies.length,
      'p50 ms': percentile(latencies, 0.5),
      'max ms': Math.max(...latencies),
    }),
  )

  test('a run whose worker is killed after its cancel was requested ends cancelled', async () => {
    const fleet = await Fleet.open(store)
    const victim = await fleet.start()
    const handle = await fleet.client.enqueue(fleet.jobs.stubborn)
    await fleet.bodyLog.until(({ moment, path }) => moment === 'start' && path === 'hold')
    await handle.cancel({ by: 'test' })
    await fleet.bodyLog.until(({ moment }) => moment === 'aborted')
    victim.signal('SIGKILL')
    await victim.exited
    await fleet.start()

    await expect(handle.result({ timeout: '2m' })).rejects.toThrow(RunCancelledError)
    expect(fleet.bodyLog.count('start', handle.id, 'hold')).toBe(1)
  })
})

/** Ms from the call of `cancel` to the abort of the body's signal. */
async function cancelRunning(fleet: Fleet): Promise<number> {
  const handle = await fleet.client.enqueue(fleet.jobs.held)
  await fleet.bodyLog.until(({ moment, run }) => moment === 'start' && run === handle.id)
  const cancelledAt = Date.now()
  await handle.cancel({ by: 'test' })

  const aborted = await fleet.bodyLog.until(({ moment, run }) => moment === 'aborted' && run === handle.id)
  expect(aborted).toMatchObject({ path: 'hold', note: 'cancelled' })
  await expect(handle.result({ timeout: '2m' })).rejects.toThrow(RunCancelledError)
  expect(fleet.bodyLog.count('start', handle.id, 'next')).toBe(0)
  return aborted.at - cancelledAt
}
