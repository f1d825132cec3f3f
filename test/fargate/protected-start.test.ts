import { expect, test } from 'vitest'
import { workerJobs } from '../support/ecs/tasks/worker-jobs.ts'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import { WorkerSite } from './worker-site.ts'

const { charge, endless } = workerJobs(async () => '')
const samples = provingNumber('DURABLE_JOBS_PROVE_STARTS', 2)
const tasks = 2
const slots = 4

test('a protected run starts among endless ordinary work of equal priority', async () => {
  const site = await WorkerSite.open({ mode: 'required', desiredCount: tasks, minuteMs: 500 })
  const { fake, jobs, service } = site
  const ended = async (): Promise<number> =>
    (await jobs.inspector.counts()).find(({ job, state }) => job === endless.name && state === 'completed')
      ?.count ?? 0
  // Each enqueues the next one before it ends: there are always as many ready runs as slots.
  for (let i = 0; i < 2 * tasks * slots; i++) await jobs.enqueue(endless)
  const seconds: number[] = []
  for (let i = 0; i < samples; i++) {
    const before = await ended()
    await expect.poll(ended, { interval: 100 }).toBeGreaterThan(before + 2 * tasks * slots)
    const enqueuedAt = performance.now()
    const run = await jobs.enqueue(charge)
    await Promise.any(service.tasks.map((task) => task.container().process.said(`charge begun ${run.id}`)))
    seconds.push((performance.now() - enqueuedAt) / 1_000)
    site.end(run.id)
    await run.result({ timeout: '2m' })
    // Given back, or expired where work comes too often for that.
    await fake.events.until(() => service.tasks.every((task) => !fake.isProtected(task)))
  }
  const longest = Math.max(...seconds).toFixed(2)
  const median = percentile(seconds, 0.5).toFixed(2)
  printEvidence({ measure: 'protected run among endless work', samples, 'p50 s': median, 'max s': longest })
})
