import { createLogger, createWorker } from '../../../runtime/index.ts'
import { connect, defineJob, type Limiter, limits } from '../../../sdk/index.ts'
import { report } from './server.ts'

/*
 * LIMIT CONCURRENCY RUNS: no-op runs are stored, then one worker works them off under a limit that never closes. The
 * clock starts when a tenth has ended.
 */
const [name = 'none', concurrencyText = '100', runsText = '20000'] = process.argv.slice(2)
const [concurrency, runs] = [Number(concurrencyText), Number(runsText)]
const warmUp = Math.floor(runs / 10)

/** All runs use the same key. */
const used: Readonly<Record<string, readonly Limiter[]>> = {
  none: [],
  concurrency: [limits.concurrency({ name: 'slots', max: 1_000_000 })],
  'token bucket': [limits.tokenBucket({ name: 'rate', capacity: 1_000_000, refill: 1_000_000, every: '1s' })],
}

await report(async (server) => {
  const store = `redis://127.0.0.1:${server.port}`
  const job = defineJob({ name: 'no-op', limits: used[name] ?? [] }, () => undefined)
  const jobs = await connect(store)
  const { promise: allEnded, resolve } = Promise.withResolvers<void>()
  const snapshot = () => ({ at: performance.now(), server: server.cpuMs() })
  let before = snapshot()
  let ended = 0
  const newWorker = () =>
    createWorker({
      store,
      jobs: [job],
      concurrency,
      logger: createLogger({ level: 'warn' }),
      middleware: [
        {
          run: async (_stay, next) => {
            const stay = await next()
            if (++ended === warmUp) before = snapshot()
            if (ended === runs) resolve()
            return stay
          },
        },
      ],
    })
  // The store knows the limiter from the first worker on: without one all runs would stand in line.
  const first = newWorker()
  await first.start()
  await first.stop()
  let enqueueMs = 0
  for (let left = runs; left > 0; left -= 1_000) {
    const begun = performance.now()
    await jobs.enqueueMany(job, new Array(Math.min(left, 1_000)).fill(undefined))
    enqueueMs += performance.now() - begun
  }
  const worker = newWorker()
  await worker.start()
  await allEnded
  const seconds = (performance.now() - before.at) / 1_000
  const serverMs = (await server.cpuMs()) - (await before.server)
  await worker.stop()
  await jobs.close()
  return {
    perSecond: (runs - warmUp) / seconds,
    serverMs: serverMs / ((runs - warmUp) / 1_000),
    enqueuedPerSecond: (runs / enqueueMs) * 1_000,
  }
})
