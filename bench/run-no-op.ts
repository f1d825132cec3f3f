import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Outcome } from '../runtime/model/outcome.ts'
import type * as OpenModule from '../runtime/store/open-store.ts'
import type * as ConfigModule from '../runtime/store/store-config.ts'
import { RedisServer } from '../test/support/redis/redis-server.ts'
import { RespConnection } from '../test/support/redis/resp-connection.ts'
import type * as InputsModule from '../test/support/stores/store-inputs.ts'
import type * as WorkerModule from '../test/support/stores/test-worker.ts'
import { spread } from './spread.ts'

/*
 * What a run that waits for nothing costs a store, and one that fails, here and in another checkout (BENCH_BESIDE, with its
 * dependencies): both in one process, in turns. On Redis the time its scripts take, on SQLite the CPU of the process.
 */
const beside = process.env.BENCH_BESIDE ?? import.meta.dirname.replace(/\/bench$/, '')
const rounds = Number(process.env.BENCH_ROUNDS ?? 60)
const runsPerRound = 200
const batches = [1, 10, 100]

type End = 'completed' | 'failed'
const goals = { completed: 1.03, failed: 1.1 } satisfies Record<End, number>
const outcomes = {
  completed: { kind: 'completed', output: new Uint8Array() },
  failed: {
    kind: 'failed',
    error: { name: 'TypeError', message: 'card declined' },
    mark: {
      fingerprint: 'f1:0123456789ab',
      step: 'pay',
      name: 'TypeError',
      text: 'card declined',
      version: 1,
    },
  },
} satisfies Record<End, Outcome>

interface Side {
  readonly name: string
  /** Takes a round's runs from enqueue to their end, so many per call. */
  round(batch: number, end: End): Promise<void>
  close(): Promise<void>
}

async function side(name: string, checkout: string, url: string): Promise<Side> {
  const load = async <T>(...paths: readonly string[]): Promise<T> => {
    const files = paths.map((path) => join(resolve(checkout), path))
    return (await import(pathToFileURL(files.find(existsSync) ?? files.join(' or ')).href)) as T
  }
  const { openStore } = await load<typeof OpenModule>('runtime/store/open-store.ts')
  const { parseStoreConfig } = await load<typeof ConfigModule>('runtime/store/store-config.ts')
  // The second path of each is that of older checkouts.
  const { newRun } = await load<typeof InputsModule>(
    'test/support/stores/store-inputs.ts',
    'test/contract/given.ts',
  )
  const { TestWorker } = await load<typeof WorkerModule>(
    'test/support/stores/test-worker.ts',
    'test/contract/test-worker.ts',
  )
  const store = await openStore(parseStoreConfig(url))
  const worker = await TestWorker.register(store, { leaseMs: 86_400_000 })
  return {
    name,
    round: async (batch, end) => {
      for (let left = runsPerRound; left > 0; left -= batch) {
        await store.enqueue(Array.from({ length: batch }, () => newRun()))
        const claimed = await worker.claim(batch)
        await worker.send(...claimed.map((run) => worker.settlement(run, outcomes[end])))
      }
    },
    close: () => store.close(),
  }
}

async function compare(store: string, sides: readonly Side[], usedUs: () => Promise<number>): Promise<void> {
  for (const end of ['completed', 'failed'] as const) {
    for (const batch of batches) await compareRuns(store, sides, { batch, end, usedUs })
  }
}

interface Measure {
  readonly batch: number
  readonly end: End
  readonly usedUs: () => Promise<number>
}

async function compareRuns(
  store: string,
  sides: readonly Side[],
  { batch, end, usedUs }: Measure,
): Promise<void> {
  const costs = sides.map((): number[] => [])
  for (let round = -3; round < rounds; round++) {
    const order = round % 2 === 0 ? [...sides.keys()] : [...sides.keys()].reverse()
    for (const i of order) {
      const before = await usedUs()
      await sides[i]?.round(batch, end)
      if (round >= 0) costs[i]?.push(((await usedUs()) - before) / runsPerRound)
    }
  }
  const [other = [], own = []] = costs
  // The quickest tenth met the least of what else the machine does.
  const best = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)] ?? Number.NaN
  const figures = {
    measure: `${store}: a run that ${end === 'completed' ? 'waits for nothing' : 'fails'}, ${batch} per call`,
    'us beside': Number(best(other).toFixed(1)),
    'us here': Number(best(own).toFixed(1)),
    ratio: Number((best(own) / best(other)).toFixed(3)),
    'median of ratios': Number(spread(own.map((us, i) => us / (other[i] ?? Number.NaN))).median.toFixed(3)),
    goal: `at most ${goals[end]}`,
  }
  console.log(`EVIDENCE ${JSON.stringify(figures)}`)
}

async function onRedis(): Promise<void> {
  const server = await RedisServer.start({})
  const connection = await RespConnection.open(server.port)
  const url = (namespace: string): string => `redis://127.0.0.1:${server.port}?namespace=${namespace}`
  const sides = [
    await side('beside', beside, url('beside')),
    await side('here', join(import.meta.dirname, '..'), url('here')),
  ]
  await compare('Redis', sides, async () => {
    const stats = String(await connection.call('INFO', 'commandstats'))
    return Number(/cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(stats)?.[1])
  })
  for (const { close } of sides) await close()
  connection.close()
  await server.remove()
}

async function onSqlite(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-bench-'))
  const sides = [
    await side('beside', beside, `sqlite:${join(folder, 'beside.db')}`),
    await side('here', join(import.meta.dirname, '..'), `sqlite:${join(folder, 'here.db')}`),
  ]
  await compare('SQLite', sides, async () => {
    const { user, system } = process.cpuUsage()
    return user + system
  })
  for (const { close } of sides) await close()
  rmSync(folder, { recursive: true, force: true })
}

await onSqlite()
await onRedis()
