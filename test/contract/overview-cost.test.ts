import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { type Overview, overviewBounds } from '../../runtime/store/overview.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { percentile, printEvidence, provingNumber } from '../crash/evidence.ts'
import { RedisServer } from '../redis-server/redis-server.ts'
import { newRun } from './given.ts'
import { completed, TestWorker } from './test-worker.ts'

const few = 1_000
const many = provingNumber('DURABLE_JOBS_PROVE_RUNS', 3_000)
const samples = provingNumber('DURABLE_JOBS_PROVE_SAMPLES', 5)
const goals = { ratio: 1.5, ms: 5 } as const
const queues = ['default', 'mail', 'imports'] as const
const jobs = Array.from({ length: 10 }, (_, i) => `job ${i}`)

/** A store whose reads are measured by the server's time, or by this process's where that is the store. */
interface Measured {
  readonly store: Store
  serverMs(read: () => Promise<unknown>): Promise<number>
}

async function onRedis(): Promise<Measured> {
  const server = await RedisServer.start()
  const store = await openStore(parseStoreConfig({ url: server.url, namespace: randomUUID() }))
  onTestFinished(async () => {
    await store.close()
    await server.remove()
  })
  const usec = async (): Promise<number> => {
    const info = String(await server.command('INFO', 'commandstats'))
    return Number(/^cmdstat_evalsha:calls=\d+,usec=(\d+)/m.exec(info)?.[1] ?? 0)
  }
  return {
    store,
    serverMs: async (read) => {
      const before = await usec()
      await read()
      return ((await usec()) - before) / 1_000
    },
  }
}

async function embedded(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-overview-'))
  const store = await openStore(parseStoreConfig(`sqlite:${join(folder, 'jobs.db')}`))
  onTestFinished(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    store,
    serverMs: async (read) => {
      const before = performance.now()
      await read()
      return performance.now() - before
    },
  }
}

/** Adds runs, of which each tenth has completed, and each tenth is scheduled. */
async function fill(store: Store, worker: TestWorker, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i += 500) {
    const runs = Array.from({ length: Math.min(500, to - i) }, (_, k) =>
      newRun({
        queue: queues[k % queues.length] ?? 'default',
        job: jobs[k % jobs.length] ?? 'job',
        ...(k % 10 === 0 ? { start: { kind: 'in', ms: 86_400_000 } } : {}),
      }),
    )
    await store.enqueue(runs)
    const claimed = await worker.claim(50)
    await worker.send(...claimed.map((run) => worker.settlement(run, completed)))
  }
}

async function medianMs({ store, serverMs }: Measured): Promise<{ ms: number; told: Overview }> {
  const times: number[] = []
  let told: Overview | undefined
  for (let i = 0; i < samples; i++) {
    const range = (['5m', '1h', '24h'] as const)[i % 3] ?? '5m'
    times.push(
      await serverMs(async () => {
        told = await store.overview({ range })
      }),
    )
  }
  if (told === undefined) throw new Error('nothing was read')
  return { ms: percentile(times, 0.5), told }
}

describe.each([
  ['embedded', embedded],
  ['Redis', onRedis],
] as const)('an overview on %s', (name, open) => {
  test(`of ${many} runs costs what one of ${few} costs`, { timeout: 3_600_000 }, async () => {
    const measured = await open()
    const { store } = measured
    const served = jobs.map((job) => ({ name: job, version: 1, queue: 'default', digest: '' }))
    const worker = await TestWorker.register(store, { leaseMs: 3_600_000, concurrency: 200, jobs: served })
    await fill(store, worker, 0, few)
    await worker.claim(100)
    const small = await medianMs(measured)
    await fill(store, worker, few, many)
    const large = await medianMs(measured)
    expect(large.told.counts.reduce((sum, { count }) => sum + count, 0)).toBe(many)
    expect(large.told.longestHeld).toHaveLength(overviewBounds.longestHeld)
    const ratio = large.ms / small.ms
    printEvidence({
      measure: `overview on ${name}`,
      [`ms at ${few} runs`]: Number(small.ms.toFixed(2)),
      [`ms at ${many} runs`]: Number(large.ms.toFixed(2)),
      'goal ms': goals.ms,
      ratio: Number(ratio.toFixed(2)),
      'goal ratio': goals.ratio,
      met: ratio <= goals.ratio && large.ms <= goals.ms ? 'yes' : 'no',
    })
  })
})
