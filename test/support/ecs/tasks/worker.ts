// A worker in a task: `worker.ts STORE MODE MINUTE_MS`, its minute of protection as long as the fake's. Says when a body
// begins and when its signal fires; a body ends once there is a file of its run's name in FOLDER. STOP_TIMEOUT is the
// worker's, in ms; BLOCK=1 has deaf bodies block the event loop; BRIEF_MS is how long brief ones take.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { hookedScaleInProtection } from '../../../../runtime/fargate/scale-in-protection.ts'
import type { ProtectionMode } from '../../../../runtime/model/protection.ts'
import { Worker } from '../../../../runtime/worker/worker.ts'
import { parseWorkerOptions } from '../../../../runtime/worker/worker-options.ts'
import { connect } from '../../../../sdk/index.ts'
import { type JobBody, workerJobs } from './worker-jobs.ts'

const [store = '', mode = '', minute = ''] = process.argv.slice(2)
const minuteMs = Number(minute)
const { FOLDER: folder = '', STOP_TIMEOUT, BLOCK, BRIEF_MS = '50' } = process.env

const say = (...words: readonly string[]): void => void process.stdout.write(`${words.join(' ')}\n`)

async function untilTold(kind: string, run: string, signal: AbortSignal): Promise<string> {
  say(kind, 'begun', run)
  signal.addEventListener('abort', () => say(kind, 'told', run, String(signal.reason.reason)))
  while (!existsSync(join(folder, run))) {
    signal.throwIfAborted()
    await delay(10)
  }
  return kind
}

async function untilEnd(kind: string, run: string): Promise<string> {
  say(kind, 'begun', run)
  const cell = new Int32Array(new SharedArrayBuffer(4))
  while (!existsSync(join(folder, run))) {
    if (BLOCK === '1') Atomics.wait(cell, 0, 0, 10)
    else await delay(10)
  }
  return kind
}

const client = await connect(store)
const bodies: Readonly<Record<string, JobBody>> = {
  brief: async (kind) => {
    await delay(Number(BRIEF_MS))
    return kind
  },
  endless: async (kind) => {
    await delay(100)
    await client.enqueue(jobs.endless)
    return kind
  },
  stored: async (kind, run) => {
    say(kind, 'begun', run)
    return kind
  },
  deaf: untilEnd,
}
const jobs = workerJobs((kind, run, signal) => (bodies[kind] ?? untilTold)(kind, run, signal))
const config = parseWorkerOptions({
  jobs: Object.values(jobs),
  store,
  concurrency: 4,
  lease: '30s',
  stopTimeout: Number(STOP_TIMEOUT ?? 20_000),
  middleware: [
    hookedScaleInProtection(
      { mode: mode as ProtectionMode, period: 5 * minuteMs, maxTotal: 1_000 * minuteMs },
      { minuteMs },
    ),
  ],
})
// Other workers are read as often as a tenth of the shorter minute allows.
const worker = new Worker({ ...config, peerCheckMs: minuteMs / 10 })
void worker.run().then(() => client.close())
