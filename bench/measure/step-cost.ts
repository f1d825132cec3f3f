import { join } from 'node:path'
import { createLogger, createWorker } from '../../runtime/index.ts'
import { connect, defineJob } from '../../sdk/index.ts'
import { report } from './report.ts'

const steps = 10_000
const sample = 100

/** Microseconds of the median step. */
function median(costs: readonly number[]): number {
  const sorted = [...costs].sort((a, b) => a - b)
  return (sorted[Math.floor(sorted.length / 2)] ?? 0) * 1_000
}

await report(async (folder) => {
  const store = `sqlite:${join(folder, 'jobs.db')}`
  const costs: number[] = []
  const long = defineJob({ name: 'long' }, async ({ step }) => {
    for (let i = 0; i < steps; i++) {
      const start = performance.now()
      await step.run(`step ${i}`, () => i)
      costs.push(performance.now() - start)
    }
  })
  const warmUp = defineJob({ name: 'warm-up' }, async ({ step }) => {
    for (let i = 0; i < 2_000; i++) await step.run(`step ${i}`, () => i)
  })
  const jobs = await connect(store)
  const worker = createWorker({ store, jobs: [long, warmUp], logger: createLogger({ level: 'warn' }) })
  await worker.start()
  // Without it the first steps would pay for the compiler.
  await (await jobs.enqueue(warmUp)).result()
  await (await jobs.enqueue(long)).result()
  await worker.stop()
  await jobs.close()
  return { firstMicros: median(costs.slice(0, sample)), lastMicros: median(costs.slice(-sample)) }
})
