import { join } from 'node:path'
import { createLogger, createWorker } from '../../runtime/index.ts'
import { connect, defineJob } from '../../sdk/index.ts'
import { report } from './report.ts'
import { stepsPerRun } from './ten-steps.ts'

const concurrency = Number(process.argv[2] ?? 1)
const synchronous = process.argv[3] === 'full' ? 'full' : 'normal'
const runs = { 1: 1_000, 10: 4_000, 100: 8_000 }[concurrency] ?? 1_000

await report(async (folder) => {
  const store = { url: `sqlite:${join(folder, 'jobs.db')}`, synchronous } as const
  const job = defineJob({ name: 'ten-steps' }, async ({ step }) => {
    for (let i = 0; i < stepsPerRun; i++) await step.run(`step ${i}`, () => i)
  })
  const jobs = await connect(store)
  await jobs.enqueueMany(job, Array<undefined>(runs).fill(undefined))
  const { promise: allEnded, resolve } = Promise.withResolvers<void>()
  let ended = 0
  const worker = createWorker({
    store,
    jobs: [job],
    concurrency,
    logger: createLogger({ level: 'warn' }),
    middleware: [
      {
        run: async (_stay, next) => {
          const stay = await next()
          if (++ended === runs) resolve()
          return stay
        },
      },
    ],
  })
  const start = performance.now()
  await worker.start()
  await allEnded
  const perSecond = ((runs * stepsPerRun) / (performance.now() - start)) * 1_000
  await worker.stop()
  await jobs.close()
  return { perSecond }
})
