import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { maxPollMs } from '../../runtime/store/store.ts'
import type { StoreOptions } from '../../runtime/store/store-config.ts'
import { createLogger } from '../../runtime/worker/logger.ts'
import { Worker } from '../../runtime/worker/worker.ts'
import { parseWorkerOptions } from '../../runtime/worker/worker-options.ts'
import { connect, defineJob, type Job, type Jobs, limits } from '../../sdk/index.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { replaceCalls } from '../support/fleet/kill-point.ts'
import { newFleetStore, storeKinds } from '../support/fleet/store-kinds.ts'

const waiters = provingNumber('DURABLE_JOBS_PROVE_WAITERS', 250)
const workers = 2
const idleMs = provingNumber('DURABLE_JOBS_PROVE_IDLE_MS', 800)

describe.each(storeKinds)('%s', (store) => {
  test(`${waiters} runs that wait for one key cause no claims, and no claim is in vain`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-waiters-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const { options } = await newFleetStore(store, folder)
    const client = await connect(options)
    onTestFinished(() => client.close())
    const gate = Promise.withResolvers<void>()
    const one = limits.concurrency({ name: 'one', max: 1 })
    const job = defineJob<{ first: boolean }, void>({ name: 'waits', limits: [one] }, ({ input }) =>
      input.first ? gate.promise : undefined,
    )
    const claims = { total: 0, empty: 0 }
    for (let i = 0; i < workers; i++) await startWorker(options, job, claims)
    await client.enqueue(job, { first: true })
    await expect.poll(() => client.inspector.limiterKeys('one', 1)).toMatchObject([{ used: 1 }])
    const answers = await client.enqueueMany(
      job,
      Array.from({ length: waiters }, () => ({ first: false })),
    )
    expect(await linedUp(client)).toBe(waiters)

    claims.total = 0
    const idleFrom = performance.now()
    await wait(idleMs)
    const idledMs = performance.now() - idleFrom
    const whileWaiting = claims.total
    expect(whileWaiting).toBeLessThanOrEqual(workers * Math.ceil(idledMs / maxPollMs + 1))

    Object.assign(claims, { total: 0, empty: 0 })
    const begun = performance.now()
    gate.resolve()
    await Promise.all(answers.map((answer) => 'handle' in answer && answer.handle.result({ timeout: '2m' })))
    printEvidence({
      measure: `${waiters} waiters on one key, ${workers} workers`,
      store,
      [`claims in ${idleMs} ms`]: whileWaiting,
      'claims per run then': Math.round((claims.total / waiters) * 100) / 100,
      'empty claims per run': Math.round((claims.empty / waiters) * 100) / 100,
      'runs/s of the key': Math.round((waiters / (performance.now() - begun)) * 1_000),
    })
    // Each has joined its waitlist once, at its enqueue: no worker claimed it and returned it.
    expect(await linedUp(client)).toBe(waiters)
  })
})

async function startWorker(store: StoreOptions, job: Job, claims: { total: number; empty: number }) {
  const config = parseWorkerOptions({
    store,
    jobs: [job],
    handleSignals: false,
    logger: createLogger({ stream: process.stderr, level: 'warn' }),
  })
  const worker = new Worker(config, async (opened) => {
    const real = await openStore(opened.store, { clock: opened.clock })
    return replaceCalls(real, {
      claim: async (...request) => {
        claims.total++
        const answer = await real.claim(...request)
        if (answer.kind === 'claimed' && answer.runs.length === 0) claims.empty++
        return answer
      },
    })
  })
  await worker.start()
  onTestFinished(() => worker.stop({ timeout: 0 }))
}

/** How often a run was put into a line. */
async function linedUp({ inspector }: Jobs): Promise<number> {
  const cells = await inspector.throughput(100)
  return cells.reduce((sum, { counts }) => sum + (counts['line up'] ?? 0), 0)
}
