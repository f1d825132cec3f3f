// A job with a schedule: it is declared beside the job, and the leader fires each tick once. The ledger records the
// outcome of each tick; a schedule can be paused, triggered and previewed. Seconds here, days in practice.
// Prints at the end:
//   report of orders.csv, for a tick: true
//   paused by ana: the provider is down
//   report of orders.csv, for a tick: false
//   ledger, newest first: triggered, paused
//   at three in Tokyo: 03:00:00 +09:00, 03:00:00 +09:00
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, defineJob } from 'durable-jobs'
import { createLogger, createWorker } from 'durable-jobs/runtime'
import { z } from 'zod'

const report = defineJob(
  {
    name: 'report',
    input: z.object({ file: z.string() }),
    schedule: { cron: '* * * * * *', timeZone: 'Europe/Berlin', input: { file: 'orders.csv' } },
  },
  // `run.scheduledFor` is the tick: the time the run is meant for, even if it began late.
  ({ input, run }) => `report of ${input.file}, for a tick: ${run.scheduledFor !== undefined}`,
)

const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const jobs = await connect(store)
const worker = createWorker({ store, jobs: [report], logger: createLogger({ level: 'error' }) })
await worker.start()

async function firstFired(): Promise<string> {
  for (;;) {
    const fired = (await jobs.schedules.ledger('report')).find(({ run }) => run !== undefined)
    if (fired?.run !== undefined) return fired.run
    await pause(50)
  }
}

console.log(await jobs.run(report, await firstFired()).result({ timeout: '10s' }))

await jobs.schedules.pause('report', { by: 'ana', reason: 'the provider is down' })
const [schedule] = await jobs.schedules.list()
console.log(`paused by ${schedule?.paused?.by}: ${schedule?.paused?.reason}`)

const byHand = await jobs.schedules.trigger('report', { by: 'ana' })
console.log(await jobs.run(report, byHand.id).result({ timeout: '10s' }))

const lines = await jobs.schedules.ledger('report')
const ana = lines.filter(({ by }) => by === 'ana').map(({ outcome }) => outcome)
console.log(`ledger, newest first: ${ana.join(', ')}`)

const fires = await jobs.schedules.preview({ cron: '0 3 * * *', timeZone: 'Asia/Tokyo' }, 2)
console.log(`at three in Tokyo: ${fires.map(({ local }) => local.slice(11)).join(', ')}`)

await worker.stop()
await jobs.close()
rmSync(folder, { recursive: true })
