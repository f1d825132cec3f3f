import { afterAll, describe, expect, test } from 'vitest'
import { poisonLimit } from '../../runtime/model/poison.ts'
import { RunFailedError, type RunHandle } from '../../sdk/index.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { Fleet } from '../support/fleet/fleet.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'
import { findViolations } from '../support/fleet/violations.ts'

/** Whether the pauses between losses, two and a half minutes in all, are really waited for. */
const realPauses = provingNumber('DURABLE_JOBS_PROVE_POISON', 0) === 1
const patienceMs = realPauses ? 480_000 : 240_000
/** From this loss on, the pause is too long for `npm test`. */
const firstLongPause = 3

describe.each(storeKinds)('%s', (store) => {
  let failedAfterMs = 0

  test(
    'a run that kills its worker each time fails as poison, and the runs beside it complete',
    async () => {
      const fleet = await Fleet.open(store)
      const begun = Date.now()
      const bad = await fleet.client.enqueue(fleet.jobs.deadly)
      const good: RunHandle<number[]>[] = []
      for (let loss = 0; loss <= poisonLimit; loss++) {
        const worker = await fleet.start()
        if (loss >= firstLongPause && !realPauses) await fleet.endPause(bad)
        // Beside the bad run; it also makes the worker poll for due runs.
        good.push(await fleet.client.enqueue(fleet.jobs.chain, { steps: 3, ms: 20 }))
        if (loss < poisonLimit) expect((await worker.exited).signal).toBe('SIGKILL')
      }

      const failure = await bad.result({ timeout: patienceMs }).catch((error: unknown) => error)
      failedAfterMs = Date.now() - begun
      expect(failure).toBeInstanceOf(RunFailedError)
      expect((failure as RunFailedError).cause).toMatchObject({
        code: 'RUN_POISONED',
        name: 'RunPoisonedError',
      })
      expect(fleet.bodyLog.count('start', bad.id, 'die')).toBe(poisonLimit)
      expect(await bad.status()).toMatchObject({ state: 'failed', attempt: 1, losses: poisonLimit })
      for (const handle of good) expect(await handle.result({ timeout: '2m' })).toHaveLength(3)
      const ids = good.map(({ id }) => id)
      expect(await findViolations(fleet, ids)).toEqual([])
    },
    patienceMs,
  )

  afterAll(() =>
    printEvidence({
      measure: 'run that kills its worker',
      store,
      losses: poisonLimit,
      'failed after ms': failedAfterMs,
      pauses: realPauses ? 'waited for' : 'skipped from the third on',
    }),
  )
})
