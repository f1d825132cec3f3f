import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { limits } from '../../runtime/model/limiter.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import { type Overview, overviewBounds } from '../../runtime/store/overview.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { byHand, newRun } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'

const few = 1_000
const many = provingNumber('DURABLE_JOBS_PROVE_RUNS', 3_000)
const samples = provingNumber('DURABLE_JOBS_PROVE_SAMPLES', 5)
const goals = { ratio: 1.5, ms: 5 } as const
const queues = ['default', 'mail', 'imports'] as const
const jobs = Array.from({ length: 10 }, (_, i) => `job ${i}`)

/** A store whose reads are measured by the server's CPU time, or by this process's where that is the store. */
interface Measured {
  readonly store: Store
  cpuMs(): Promise<number>
}

async function onRedis(): Promise<Measured> {
  const server = await RedisServer.start()
  const store = await openStore(parseStoreConfig({ url: server.url, namespace: randomUUID() }))
  onTestFinished(async () => {
    await store.close()
    await server.remove()
  })
  return {
    store,
    cpuMs: async () => {
      const info = String(await server.command('INFO', 'cpu'))
      const seconds = ['user', 'sys'].map((kind) =>
        Number(new RegExp(`^used_cpu_${kind}:([0-9.]+)`, 'm').exec(info)?.[1]),
      )
      return seconds.reduce((sum, one) => sum + one, 0) * 1_000
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
    cpuMs: async () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1_000
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

/** Several reads make one sample: the server reports its time in coarse steps. */
const readsPerSample = 10

async function medianMs({ store, cpuMs }: Measured): Promise<{ ms: number; told: Overview }> {
  const times: number[] = []
  let told = await store.overview({ range: '5m' })
  for (let i = 0; i < samples; i++) {
    const before = await cpuMs()
    for (let k = 0; k < readsPerSample; k++) {
      told = await store.overview({ range: (['5m', '1h', '24h'] as const)[k % 3] ?? '5m' })
    }
    times.push(((await cpuMs()) - before) / readsPerSample)
  }
  return { ms: percentile(times, 0.5), told }
}

describe.each([
  ['embedded', embedded],
  ['Redis', onRedis],
] as const)('an overview on %s', (name, open) => {
  test(`of ${many} runs costs the same as one of ${few}`, { timeout: 3_600_000 }, async () => {
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
      measure: `overview on ${name}: CPU`,
      [`ms at ${few} runs`]: Number(small.ms.toFixed(2)),
      [`ms at ${many} runs`]: Number(large.ms.toFixed(2)),
      'goal ms': goals.ms,
      ratio: Number(ratio.toFixed(2)),
      'goal ratio': goals.ratio,
    })
  })

  // The maximum of everything that one overview includes, more than in any known store.
  test.runIf(process.env.DURABLE_JOBS_PROVE_RUNS !== undefined)('at all of its bounds', async () => {
    const measured = await open()
    const { store } = measured
    await reachBounds(store)
    const { ms, told } = await medianMs(measured)
    expect(told.cut).toContain('workers')
    printEvidence({
      measure: `overview on ${name} at its bounds: CPU`,
      ms: Number(ms.toFixed(2)),
      cut: told.cut.join(' '),
    })
  })
})

async function reachBounds(store: Store): Promise<void> {
  const names = Array.from({ length: overviewBounds.statisticsCells }, (_, i) => `job ${i}`)
  const limiters = Array.from({ length: overviewBounds.limiters + 10 }, (_, i) =>
    limits.concurrency({ name: `limiter ${i}`, max: 1 }),
  ).map(({ name, rule }) => ({ name, rule }))
  const served = names.map((name) => ({ name, version: 1, queue: 'default', digest: 'd'.repeat(43) }))
  const base = { leaseMs: 3_600_000, concurrency: 1_000 }
  const first = await TestWorker.register(store, { ...base, limiters, jobs: served })
  for (let i = 0; i <= overviewBounds.workers; i++) {
    await TestWorker.register(store, { ...base, jobs: served.slice(i, i + 20) })
  }
  await store.enqueue(names.map((job) => newRun({ job })))
  await first.claim(overviewBounds.scannedHeld + 10)
  const uses = limiters.flatMap(({ name }) =>
    ['a', 'b', 'c'].flatMap((key) =>
      [key, key].map((one) => ({ limiter: name, key: one, cost: 1, wholeRun: false })),
    ),
  )
  await store.enqueue(uses.map((use) => newRun({ job: 'job 0', limits: [use] })))
  for (let i = 0; i < 3; i++) await first.claim(uses.length)
  const { id: _, start: __, ...run } = newRun()
  const rules = { missed: 'one', cap: 100, overlap: 'skip', jitterMs: 0 } as const
  for (let i = 0; i <= overviewBounds.scannedSchedules; i++) {
    await store.putSchedule(`schedule ${i}`, { cron: '* * * * *', timeZone: 'UTC', ...rules, run }, byHand())
    if (i % 4 === 0) await store.pauseSchedule(`schedule ${i}`, byHand())
  }
}
