import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFindings } from '../../../runtime/attention/find-findings.ts'
import { SnapshotReader } from '../../../runtime/attention/snapshot-reader.ts'
import { connect, type Jobs } from '../../../runtime/client/client.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import type { RunState } from '../../../runtime/model/run.ts'
import { playPast } from '../../../tui/demo/past/play-past.ts'

const folder = mkdtempSync(join(tmpdir(), 'demo-past-'))
const end = Date.now()
const seed = 7
let jobs: Jobs

async function play(name: string): Promise<Jobs> {
  const url = `sqlite:${join(folder, name)}`
  await playPast({ url, end, seed })
  return connect(url)
}

/** Runs by job and state. */
async function countsOf(of: Jobs): Promise<string[]> {
  const counts = await of.inspector.counts()
  return counts.map(({ job, queue, state, count }) => `${job} ${queue} ${state} ${count}`).sort()
}

async function count(job: string, state: RunState): Promise<number> {
  const counts = await jobs.inspector.counts()
  return counts
    .filter((one) => one.job === job && one.state === state)
    .reduce((sum, one) => sum + one.count, 0)
}

beforeAll(async () => {
  jobs = await play('shop.db')
})

afterAll(async () => {
  await jobs.close()
  await rm(folder, { recursive: true })
})

test('a day of a shop has passed', async () => {
  const counts = await jobs.inspector.counts()
  const runs = counts.reduce((sum, one) => sum + one.count, 0)
  expect(runs).toBeGreaterThan(1_500)
  expect(new Set(counts.map(({ queue }) => queue)).size).toBeGreaterThanOrEqual(7)
  const { points, coveredMs } = await jobs.inspector.statistics('24h')
  expect(coveredMs).toBeGreaterThan(22 * 3_600_000)
  expect(points.slice(1).every(({ enqueued }) => enqueued > 0)).toBe(true)
  // The night is quieter than the day.
  const busiest = Math.max(...points.map(({ enqueued }) => enqueued))
  expect(Math.min(...points.slice(1).map(({ enqueued }) => enqueued)) * 3).toBeLessThan(busiest)
})

test('runs are in every state that a user meets', async () => {
  expect(await count('review-request', 'waiting')).toBeGreaterThan(10)
  expect(await count('fulfil-order', 'waiting')).toBeGreaterThan(5)
  expect(await count('abandoned-cart', 'scheduled')).toBeGreaterThan(0)
  expect(await count('abandoned-cart', 'cancelled')).toBeGreaterThan(0)
  expect(await count('pay-out', 'blocked')).toBeGreaterThan(0)
  expect(await count('import-prices', 'ready')).toBeGreaterThanOrEqual(9)
})

test('findings match the story', async () => {
  const snapshot = await new SnapshotReader(jobs.inspector, systemClock).read()
  const found = new Map(findFindings(snapshot).map((finding) => [finding.kind, finding]))
  expect(found.get('paused-queue')?.sentence).toContain(
    "'imports' is paused by maria (nordtea sends wrong prices",
  )
  expect(found.get('missed-tick')?.sentence).toContain("Schedule 'hourly-report' missed the tick")
  expect(found.get('worker-losses')?.sentence).toMatch(/^3 workers \(shop-4, shop-5, shop-6\) were lost/)
  expect(found.get('new-failure')?.sentence).toContain(
    "New since version 17 of 'fulfil-order': step 'reserve stock': TypeError: Cannot read properties of undefined (reading 'sku')",
  )
  expect(found.get('blocked')?.sentence).toContain(
    "step 'confirm transfer' is stored as 'sleep' but the code calls it as 'run'",
  )
  expect(found.has('store-fault')).toBe(false)
})

test('failures have several causes, and the new one started with version 17', async () => {
  const groups = await jobs.inspector.failures({ limit: 50 })
  const names = groups.map(({ job, name, code, text }) => `${job} ${name} ${code ?? text}`)
  expect(names).toContain('capture-payment PaymentError 429')
  expect(names).toContain('send-mail Error ETIMEDOUT')
  expect(names).toContain('pay-out StepUnknownError STEP_UNKNOWN')
  expect(groups.find(({ name }) => name === 'TypeError')?.versions).toEqual([17])
})

test('an interrupted money transfer is not repeated', async () => {
  const { runs } = await jobs.inspector.runs({ job: 'pay-out', states: ['failed'], limit: 10 })
  expect(runs).toHaveLength(3)
  for (const { id, losses } of runs) {
    expect(losses).toBe(1)
    const plan = jobs.run(id).retry({ dryRun: true })
    await expect(plan).rejects.toThrow(/transfer money/)
  }
})

test('operators have recorded their reasons', async () => {
  const { events } = await jobs.inspector.events({ log: 'operations', limit: 1_000 })
  const told = events.flatMap((event) =>
    event.kind === 'operation' && event.reason !== undefined ? [`${event.operation} ${event.by}`] : [],
  )
  expect(told).toEqual(
    expect.arrayContaining([
      ...['pause queue jonas', 'resume queue jonas', 'pause queue maria', 'change limiter jonas'],
      ...['reset limiter jonas', 'begin action maria', 'drain worker deploy-bot', 'cancel run maria'],
      ...['trigger schedule maria'],
    ]),
  )
  const [retry] = (await jobs.actions.list()).filter(({ action }) => action === 'retry')
  expect(retry?.done).toBeGreaterThan(0)
})

test('the store has recorded no clock jump, and its counters are correct', async () => {
  const checks = await jobs.inspector.checks()
  expect(checks.find(({ name }) => name === 'clock jumps')).toMatchObject({ verdict: 'fine', found: 'none' })
  expect((await jobs.recountRuns()).miscounts).toEqual([])
})

test('the same seed creates the same shop', async () => {
  const again = await play('again.db')
  try {
    expect(await countsOf(again)).toEqual(await countsOf(jobs))
  } finally {
    await again.close()
  }
})
