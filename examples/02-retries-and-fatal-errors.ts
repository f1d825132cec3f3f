// What happens when a step throws: it is retried after a growing pause, or after the pause that it requests
// (RetryAfterError), or never (FatalError). Stored steps don't run again.
// Prints at the end:
//   asked the provider 3 times
//   imported 120 rows
//   step 'download' failed after 1 attempt: no such file: missing.csv
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, defineJob, FatalError, RetryAfterError, RunFailedError } from 'durable-jobs'
import { createLogger, createWorker } from 'durable-jobs/runtime'
import { z } from 'zod'

const importFile = defineJob(
  { name: 'import-file', input: z.object({ file: z.string() }) },
  async ({ input, step }) => {
    const rows = await step.run('download', () => download(input.file), {
      retry: { maxAttempts: 5, initialInterval: '50ms', backoffCoefficient: 2 },
    })
    return `imported ${rows} rows`
  },
)

let asked = 0

/** Fakes a provider with temporary failures. */
async function download(file: string): Promise<number> {
  // No attempt will ever find the file, so none is spent on it.
  if (file === 'missing.csv') throw new FatalError(`no such file: ${file}`)
  asked++
  if (asked === 1) throw new Error('connection reset')
  if (asked === 2) throw new RetryAfterError('100ms', 'too many requests')
  return 120
}

const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const jobs = await connect(store)
// To stderr: logs the failing run.
const logger = createLogger({ level: 'error', stream: process.stderr })
const worker = createWorker({ store, jobs: [importFile], logger })
await worker.start()

const good = await jobs.enqueue(importFile, { file: 'candidates.csv' })
const imported = await good.result({ timeout: '20s' })
console.log(`asked the provider ${asked} times\n${imported}`)

const bad = await jobs.enqueue(importFile, { file: 'missing.csv' })
try {
  await bad.result({ timeout: '20s' })
} catch (error) {
  if (!(error instanceof RunFailedError && error.cause instanceof Error)) throw error
  console.log(error.cause.message)
}

await worker.stop()
await jobs.close()
rmSync(folder, { recursive: true })
