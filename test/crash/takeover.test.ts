import { afterAll, expect, test } from 'vitest'
import { percentile, printEvidence, provingNumber } from './evidence.ts'
import { Fleet } from './fleet.ts'
import { findViolations } from './violations.ts'

const samples = provingNumber('DURABLE_JOBS_PROVE_SAMPLES', 10)
const perSampleMs = 5_000
const latencies: number[] = []

test(
  `after a SIGKILL the next step begins elsewhere, ${samples} times, with default settings`,
  async () => {
    const fleet = await Fleet.open()
    await Promise.all([fleet.start(), fleet.start()])
    for (let i = 0; i < samples; i++) {
      latencies.push(await takeOver(fleet))
      await fleet.start()
    }
    expect(latencies).toHaveLength(samples)
  },
  60_000 + samples * perSampleMs,
)

afterAll(() => {
  printEvidence({
    measure: 'SIGKILL to the next step elsewhere',
    samples: latencies.length,
    'p50 ms': percentile(latencies, 0.5),
    'p95 ms': percentile(latencies, 0.95),
    'max ms': Math.max(...latencies),
  })
})

/** Ms from the kill of the worker of a run to the begin of its next body, in another process. */
async function takeOver(fleet: Fleet): Promise<number> {
  const handle = await fleet.client.enqueue(fleet.jobs.chain, { steps: 6, ms: 20 })
  const { pid } = await fleet.witness.until(
    ({ moment, run, path }) => moment === 'start' && run === handle.id && path === 's3',
  )
  const victim = fleet.alive.find((member) => member.pid === pid)
  if (victim === undefined) throw new Error(`process ${pid} is none of the fleet`)
  const killedAt = Date.now()
  victim.signal('SIGKILL')
  const next = await fleet.witness.until(
    (line) => line.moment === 'start' && line.run === handle.id && line.pid !== pid,
  )
  await handle.result({ timeout: '20s' })
  expect(await findViolations(fleet, [handle.id])).toEqual([])
  expect(await handle.status()).toMatchObject({ attempt: 1, losses: 1 })
  return next.at - killedAt
}
