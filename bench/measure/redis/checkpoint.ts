import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { createLogger, createWorker } from '../../../runtime/index.ts'
import { connect, defineJob } from '../../../sdk/index.ts'
import { report } from './server.ts'

/*
 * CONCURRENCY: checkpoints per second beside bare EVALSHA calls that store as much: the same client library, the same
 * process, taking turns.
 */
const concurrency = Number(process.argv[2] ?? 1)
const sliceMs = 1_000
const slices = 3
/** Before the first one, for the compiler. */
const warmUpMs = 2_000
/** A journal takes 50,000 entries. */
const stepsPerRun = 20_000
const runsPerSlot = 5

const script = `
local held = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return held and 1 or 0`
/** As long as the run's id, the frame and the stay of a checkpoint. */
const id = (caller: number): string => `01m89sf1sk04bb7j1t${String(caller).padStart(8, '0')}`
const frame = Buffer.alloc(45, 1)
const stay = Buffer.alloc(51, 1)

async function during(
  ms: number,
  callers: number,
  call: (caller: number) => Promise<unknown>,
): Promise<number> {
  let calls = 0
  const start = performance.now()
  const end = start + ms
  const caller = async (n: number): Promise<void> => {
    while (performance.now() < end) {
      await call(n)
      calls++
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, n) => caller(n)))
  return (calls / (performance.now() - start)) * 1_000
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

await report(async ({ port }) => {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    protocol: 2,
    enableOfflineQueue: false,
    lazyConnect: true,
  })
  await client.connect()
  await client.call('SCRIPT', 'LOAD', script)
  const sha = createHash('sha1').update(script).digest('hex')
  const bare = (caller: number): Promise<unknown> =>
    client.callBuffer('EVALSHA', sha, 2, '{bare}:stays', `{bare}:journal:${caller}`, id(caller), frame, stay)

  // Long runs, so that hardly anything else is stored; each rests between two slices.
  let stored = 0
  let gate = Promise.withResolvers<void>()
  let until = 0
  let over = false
  let resting = 0
  let allRest = Promise.withResolvers<void>()
  const long = defineJob({ name: 'long' }, async ({ step }) => {
    for (let i = 0; i < stepsPerRun; i++) {
      if (performance.now() >= until) {
        if (++resting === concurrency) allRest.resolve()
        await gate.promise
      }
      if (over) return
      await step.run(`step ${i}`, () => i)
      stored++
    }
  })
  const store = `redis://127.0.0.1:${port}`
  const jobs = await connect(store)
  const worker = createWorker({
    store,
    jobs: [long],
    concurrency,
    logger: createLogger({ level: 'warn' }),
  })
  await worker.start()
  await jobs.enqueueMany(long, Array<undefined>(concurrency * runsPerSlot).fill(undefined))
  await allRest.promise
  const slice = async (ms: number): Promise<number> => {
    const before = stored
    const start = performance.now()
    until = start + ms
    resting = 0
    allRest = Promise.withResolvers()
    const open = gate
    gate = Promise.withResolvers()
    open.resolve()
    await allRest.promise
    return ((stored - before) / (performance.now() - start)) * 1_000
  }
  await during(warmUpMs / 4, concurrency, bare)
  await slice(warmUpMs)
  const bareRates: number[] = []
  const ownRates: number[] = []
  for (let n = 0; n < slices; n++) {
    bareRates.push(await during(sliceMs, concurrency, bare))
    ownRates.push(await slice(sliceMs))
  }
  over = true
  gate.resolve()
  await worker.stop()
  await jobs.close()
  client.disconnect()
  const perSecond = mean(ownRates)
  const barePerSecond = mean(bareRates)
  return { perSecond, barePerSecond, ofBare: perSecond / barePerSecond }
})
