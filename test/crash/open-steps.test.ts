import { describe, expect, test } from 'vitest'
import type { RunningStep } from '../../runtime/model/run.ts'
import { Fleet } from '../support/fleet/fleet.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'

const leaseMs = 2_000

/** The open step of a run, once the store shows one that fits. */
async function shownStep(
  { client }: Fleet,
  id: string,
  fits: (step: RunningStep) => boolean = () => true,
): Promise<RunningStep> {
  for (;;) {
    const run = await client.inspector.run(id)
    if (run?.state === 'running' && run.step !== undefined && fits(run.step)) return run.step
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe.each(storeKinds)('%s', (store) => {
  test('a worker reports its open step repeatedly; while it is blocked, its last report remains', async () => {
    const fleet = await Fleet.open(store)
    const worker = await fleet.start({ options: { lease: leaseMs } })
    const handle = await fleet.client.enqueue(fleet.jobs.stuck)
    const first = await shownStep(fleet, handle.id)
    expect(first.path).toBe('stuck')
    expect(first.openMs).toBeGreaterThan(1_000)
    const later = await shownStep(fleet, handle.id, ({ openMs }) => openMs > first.openMs)
    fleet.bodyLog.write('go', { run: handle.id })

    // Its lease thread renews all the while, or the run would be held no more.
    const blocked = await shownStep(fleet, handle.id, ({ toldAgoMs }) => toldAgoMs > 2 * leaseMs)
    expect(blocked.openMs).toBeGreaterThanOrEqual(later.openMs)
    expect((await shownStep(fleet, handle.id)).openMs).toBe(blocked.openMs)
    fleet.bodyLog.write('go', { run: handle.id })
    expect(await handle.result({ timeout: '2m' })).toBe(worker.pid)
    expect(await handle.status()).toMatchObject({ losses: 0 })
    expect(await fleet.client.inspector.run(handle.id)).not.toHaveProperty('step')
  })
})
