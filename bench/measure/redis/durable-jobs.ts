import { createLogger, createWorker } from '../../../runtime/index.ts'
import { connect, defineJob } from '../../../sdk/index.ts'
import { stepsPerRun } from '../ten-steps.ts'
import type { Contestant, Input, JobName, WorkOptions } from './contestant.ts'

let begun: WorkOptions['onBegin']

const defined = {
  'no-op': defineJob<Input>({ name: 'no-op' }, () => undefined),
  'ten-steps': defineJob<Input>({ name: 'ten-steps' }, async ({ step }) => {
    for (let i = 0; i < stepsPerRun; i++) await step.run(`step ${i}`, () => i)
  }),
  told: defineJob<Input>({ name: 'told' }, ({ input }) => begun?.(input)),
}

export async function openDurableJobs(port: number): Promise<Contestant> {
  const store = `redis://127.0.0.1:${port}`
  const jobs = await connect(store)
  return {
    enqueue: (name: JobName, input) => jobs.enqueue(defined[name], input),
    enqueueMany: (name: JobName, inputs) => jobs.enqueueMany(defined[name], inputs),
    close: () => jobs.close(),
    work: async ({ concurrency, onBegin, onEnd }) => {
      begun = onBegin
      const worker = createWorker({
        store,
        jobs: Object.values(defined),
        concurrency,
        logger: createLogger({ level: 'warn' }),
        middleware: [
          {
            run: async (_stay, next) => {
              const stay = await next()
              onEnd?.()
              return stay
            },
          },
        ],
      })
      await worker.start()
      return () => worker.stop()
    },
  }
}
