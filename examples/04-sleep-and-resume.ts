// A sleeping run holds no worker: its deadline is stored, the worker may stop, and another one wakes the run and
// continues after the last stored step. Seconds here, days in practice.
// Prints at the end:
//   first worker: trial opened for ana@example.com
//   no worker: the run is waiting for 'let it run'
//   second worker: reminder sent to ana@example.com
//   trial over
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, defineJob } from 'durable-jobs'
import { createLogger, createWorker, type Worker } from 'durable-jobs/runtime'
import { z } from 'zod'

let onDuty = 'no worker'

const trial = defineJob({ name: 'trial', input: z.object({ email: z.email() }) }, async ({ input, step }) => {
  await step.run('open', () => console.log(`${onDuty}: trial opened for ${input.email}`))
  await step.sleep('let it run', '3s')
  await step.run('remind', () => console.log(`${onDuty}: reminder sent to ${input.email}`))
  return 'trial over'
})

const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const jobs = await connect(store)

async function startWorker(name: string): Promise<Worker> {
  const worker = createWorker({ name, store, jobs: [trial], logger: createLogger({ level: 'error' }) })
  await worker.start()
  onDuty = name
  return worker
}

const first = await startWorker('first worker')
const handle = await jobs.enqueue(trial, { email: 'ana@example.com' })
while ((await handle.status()).state !== 'waiting') await pause(50)
await first.stop()
onDuty = 'no worker'

const { state, waitingFor } = await handle.status()
console.log(`${onDuty}: the run is ${state} for '${waitingFor?.name}'`)

const second = await startWorker('second worker')
const result = await handle.result({ timeout: '20s' })
await second.stop()
await jobs.close()
console.log(result)
rmSync(folder, { recursive: true })
