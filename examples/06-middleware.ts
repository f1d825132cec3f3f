// Middleware carries the trace of a web request into the run that it enqueues: `enqueue` stores it in the run's
// headers, `run` reads it on any worker, and the logger writes it on every line.
// Prints at the end:
//   [req-81] 120 rows inserted
//   [req-81] step 'insert' returned
//   [req-81] the run left its slot: completed
import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, defineJob } from 'durable-jobs'
import { createWorker, type Logger, type Middleware } from 'durable-jobs/runtime'
import { z } from 'zod'

const traces = new AsyncLocalStorage<string>()

const tracing: Middleware = {
  enqueue: ({ headers }, next) => {
    headers.trace = traces.getStore() ?? 'no trace'
    return next()
  },
  run: ({ run }, next) =>
    traces.run(run.headers.trace ?? 'no trace', async () => {
      const stay = await next()
      write({}, `the run left its slot: ${stay.outcome}`)
      return stay
    }),
  step: async ({ path }, next) => {
    const result = await next()
    write({}, `step '${path}' returned`)
    return result
  },
}

/** The worker's own lines belong to no trace; this example leaves them out. */
function write(_fields: object, message = ''): void {
  const trace = traces.getStore()
  if (trace !== undefined) console.log(`[${trace}] ${message}`)
}

/** Any logger in pino's shape will do. */
const logger: Logger = { debug: () => undefined, info: write, warn: write, error: write }

const importRows = defineJob(
  { name: 'import-rows', input: z.object({ rows: z.number() }) },
  async ({ input, step }) => {
    await step.run('insert', ({ log }) => log.info({ rows: input.rows }, `${input.rows} rows inserted`))
  },
)

const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const jobs = await connect(store, { middleware: [tracing] })
const worker = createWorker({ store, jobs: [importRows], middleware: [tracing], logger })
await worker.start()

// As a web server would, for a request with this trace:
const handle = await traces.run('req-81', () => jobs.enqueue(importRows, { rows: 120 }))
await handle.result({ timeout: '20s' })

await worker.stop()
await jobs.close()
rmSync(folder, { recursive: true })
