import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { renewalShare } from '../../runtime/worker/lease-messages.ts'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import { Fleet, type Member } from '../support/fleet/fleet.ts'
import { type FleetStoreKind, storeKinds } from '../support/fleet/store-kinds.ts'
import { findViolations } from '../support/fleet/violations.ts'
import { SeededRandom } from '../support/seeded-random.ts'

const samples = provingNumber('DURABLE_JOBS_PROVE_SAMPLES', 3)
const perSampleMs = 5_000

describe.each(storeKinds)('%s', (store) => {
  const latencies: number[] = []

  test(
    `after a SIGKILL the next step begins on another worker, ${samples} times, with default settings`,
    async () => {
      const fleet = await Fleet.open(store)
      await Promise.all([fleet.start(), fleet.start()])
      for (let i = 0; i < samples; i++) {
        latencies.push(await takeOver(fleet))
        await fleet.start()
      }
      expect(latencies).toHaveLength(samples)
    },
    300_000 + samples * perSampleMs,
  )

  afterAll(() => printLatencies(store, latencies))
})

/** Each waits for a lease to end: fewer of them, and several at the same time. */
const leaseMs = provingNumber('DURABLE_JOBS_PROVE_LEASE', 4_000)
const leaseSamples = provingNumber('DURABLE_JOBS_PROVE_LEASE_SAMPLES', 2)
const fleetsAtOnce = 2

describe.runIf(storeKinds.includes('redis'))('redis, leases only', () => {
  const latencies: number[] = []

  test(
    `where no worker may watch peers, a killed worker is detected at the end of its lease of ${leaseMs} ms`,
    async () => {
      const share = leaseSamples / fleetsAtOnce
      const measured = Array.from({ length: fleetsAtOnce }, async (_, i) => {
        const random = new SeededRandom(i)
        const fleet = await Fleet.open('redis, leases only')
        const options = { lease: leaseMs }
        await Promise.all([fleet.start({ options }), fleet.start({ options })])
        for (let left = share; left > 0; left--) {
          // A worker is killed at any moment between two renewals.
          await wait(random.next() * renewalShare * leaseMs)
          latencies.push(await takeOver(fleet))
          await fleet.start({ options })
        }
      })
      await Promise.all(measured)
      expect(latencies).toHaveLength(leaseSamples)
      // Otherwise a worker has looked at peers.
      expect(Math.min(...latencies)).toBeGreaterThan(leaseMs / 2)
    },
    300_000 + leaseSamples * (leaseMs + perSampleMs),
  )

  afterAll(() => printLatencies('redis, leases only', latencies))
})

function printLatencies(store: FleetStoreKind, latencies: readonly number[]): void {
  printEvidence({
    measure: 'SIGKILL to the next step elsewhere',
    store,
    samples: latencies.length,
    'p50 ms': percentile(latencies, 0.5),
    'p95 ms': percentile(latencies, 0.95),
    'p99 ms': percentile(latencies, 0.99),
    'max ms': Math.max(...latencies),
  })
}

/** Ms from the kill of the worker of a run to the begin of its next body, in another process. */
async function takeOver(fleet: Fleet): Promise<number> {
  // Long enough not to end before this process, on a busy machine, sends the kill.
  const handle = await fleet.client.enqueue(fleet.jobs.chain, { steps: 4, ms: 100 })
  const { pid } = await fleet.bodyLog.until(
    ({ moment, run, path }) => moment === 'start' && run === handle.id && path === 's2',
  )
  const victim = memberOf(fleet, pid)
  const killedAt = Date.now()
  victim.signal('SIGKILL')
  const next = await fleet.bodyLog.until(
    (line) => line.moment === 'start' && line.run === handle.id && line.pid !== pid,
  )
  await handle.result({ timeout: '2m' })
  expect(await findViolations(fleet, [handle.id])).toEqual([])
  expect(await handle.status()).toMatchObject({ attempt: 1, losses: 1 })
  return next.at - killedAt
}

function memberOf(fleet: Fleet, pid: number): Member {
  const found = fleet.alive.find((member) => member.pid === pid)
  if (found === undefined) throw new Error(`process ${pid} is none of the fleet`)
  return found
}
