import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Runtime from '../../../runtime/index.ts'
import type * as Sdk from '../../../sdk/index.ts'
import { stepsPerRun } from '../ten-steps.ts'
import type { Contestant, Input, JobName, WorkOptions } from './contestant.ts'

const queues = 100

let begun: WorkOptions['onBegin']

function definedBy({ defineJob }: typeof Sdk): Record<Exclude<JobName, 'spread'>, Sdk.Job<Input>> {
  return {
    'no-op': defineJob<Input>({ name: 'no-op' }, () => undefined),
    'ten-steps': defineJob<Input>({ name: 'ten-steps' }, async ({ step }) => {
      for (let i = 0; i < stepsPerRun; i++) await step.run(`step ${i}`, () => i)
    }),
    told: defineJob<Input>({ name: 'told' }, ({ input }) => begun?.(input)),
  }
}

function spreadBy({ defineJob }: typeof Sdk): Sdk.Job<Input>[] {
  return Array.from({ length: queues }, (_, n) =>
    defineJob<Input>({ name: `spread-${n}`, queue: `queue-${n}` }, () => undefined),
  )
}

async function load<T>(checkout: string, path: string): Promise<T> {
  return (await import(pathToFileURL(join(resolve(checkout), path)).href)) as T
}

/** @param checkout This one, or another one with its dependencies. */
export async function openDurableJobs(
  port: number,
  checkout: string = join(import.meta.dirname, '../../..'),
): Promise<Contestant> {
  const sdk = await load<typeof Sdk>(checkout, 'sdk/index.ts')
  const { createLogger, createWorker } = await load<typeof Runtime>(checkout, 'runtime/index.ts')
  const store = `redis://127.0.0.1:${port}`
  const jobs = await sdk.connect(store)
  const defined = definedBy(sdk)
  const spread = spreadBy(sdk)
  const enqueueSpread = (inputs: readonly Input[]): Promise<unknown> =>
    Promise.all(
      spread.map((job, i) =>
        jobs.enqueueMany(
          job,
          inputs.filter((_, n) => n % queues === i),
        ),
      ),
    )
  return {
    enqueue: (name, input) => jobs.enqueue(defined[name], input),
    enqueueMany: (name, inputs) =>
      name === 'spread' ? enqueueSpread(inputs) : jobs.enqueueMany(defined[name], inputs),
    close: () => jobs.close(),
    work: async ({ job, concurrency, onBegin, onEnd }) => {
      begun = onBegin
      const worker = createWorker({
        store,
        jobs: job === 'spread' ? spread : Object.values(defined),
        concurrency,
        logger: createLogger({ level: 'warn' }),
        middleware: [
          {
            run: async (_context, next) => {
              const outcome = await next()
              onEnd?.()
              return outcome
            },
          },
        ],
      })
      await worker.start()
      return () => worker.stop()
    },
  }
}
