// A worker in a task: `worker.ts STORE MODE MINUTE_MS`, its minute of protection as long as the fake's. Says when a body
// begins and when its signal fires; a body ends once there is a file of its run's name beside the store.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { hookedScaleInProtection } from '../../../runtime/fargate/scale-in-protection.ts'
import type { ProtectionMode } from '../../../runtime/model/protection.ts'
import { Worker } from '../../../runtime/worker/worker.ts'
import { parseWorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { workerJobs } from './worker-jobs.ts'

const [store = '', mode = '', minute = ''] = process.argv.slice(2)
const minuteMs = Number(minute)
const folder = dirname(store.slice('sqlite:'.length))

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

const { plain, charge, once, goesOn } = workerJobs(untilTold)
const config = parseWorkerOptions({
  jobs: [plain, charge, once, goesOn],
  store,
  concurrency: 4,
  lease: '30s',
  stopTimeout: '20s',
  middleware: [
    hookedScaleInProtection(
      { mode: mode as ProtectionMode, period: 5 * minuteMs, maxTotal: 1_000 * minuteMs },
      { minuteMs },
    ),
  ],
})
// Other workers are read as often as a tenth of the shorter minute allows.
void new Worker({ ...config, peerCheckMs: minuteMs / 10 }).run()
