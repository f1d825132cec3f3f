// Limits per key, on jobs and on steps. Six runs of two tenants, at most one per tenant at a time; each calls an API
// that
// allows 40 calls per second and once says "too many". A run over a limit waits: no attempt is spent.
// Prints at the end:
//   most runs at once: ana 1, ben 1
//   calls: 7, of which one was told to wait
//   attempts: 1 1 1 1 1 1
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, defineJob, limits, RateLimitedError } from 'durable-jobs'
import { createLogger, createWorker } from 'durable-jobs/runtime'
import { z } from 'zod'

const perTenant = limits.concurrency({ name: 'tenant', max: 1 })
const api = limits.leakyBucket({ name: 'api', limit: 40, every: '1s' })

const now = new Map<string, number>()
const most = new Map<string, number>()
let calls = 0

const sync = defineJob(
  {
    name: 'sync',
    input: z.object({ tenant: z.string() }),
    limits: [{ limiter: perTenant, key: ({ tenant }) => tenant }],
  },
  async ({ input: { tenant }, step }) => {
    now.set(tenant, (now.get(tenant) ?? 0) + 1)
    most.set(tenant, Math.max(most.get(tenant) ?? 0, now.get(tenant) ?? 0))
    const attempt = await step.run('call', (context) => callApi(context.attempt), { limits: [api] })
    now.set(tenant, (now.get(tenant) ?? 0) - 1)
    return attempt
  },
)

function callApi(attempt: number): number {
  calls++
  // The provider's status 429: all users of the key wait.
  if (calls === 3) throw new RateLimitedError('200ms')
  return attempt
}

const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const jobs = await connect(store)
const tenants = ['ana', 'ana', 'ana', 'ben', 'ben', 'ben']
const results = await jobs.enqueueMany(
  sync,
  tenants.map((tenant) => ({ tenant })),
)

const logger = createLogger({ level: 'error', stream: process.stderr })
const worker = createWorker({ store, jobs: [sync], concurrency: 10, logger })
await worker.start()
const attempts = await Promise.all(
  results.map((result) => ('handle' in result ? result.handle.result({ timeout: '20s' }) : undefined)),
)

console.log(`most runs at once: ${[...most].map(([tenant, n]) => `${tenant} ${n}`).join(', ')}`)
console.log(`calls: ${calls}, of which one was told to wait`)
console.log(`attempts: ${attempts.join(' ')}`)

await worker.stop()
await jobs.close()
rmSync(folder, { recursive: true })
