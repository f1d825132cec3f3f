// A payment must never happen twice, even if its worker dies right after it. The step is `atMostOnce`: no automatic
// second attempt; after a crash inside it `onUnknown` asks the provider whether the payment arrived.
// Prints at the end:
//   first worker paid, and died by SIGKILL before it could say so
//   result: paid 42.00 for order-7, found by its key
//   payments at the provider: 1
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, defineJob } from 'durable-jobs'
import { createLogger, createWorker } from 'durable-jobs/runtime'
import { z } from 'zod'

const [role, givenFolder] = process.argv.slice(2)
const folder = givenFolder ?? mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const ledger = join(folder, 'ledger.txt')

const charge = defineJob(
  { name: 'charge', input: z.object({ order: z.string(), amount: z.string() }) },
  async ({ input, step }) =>
    step.run('pay', ({ idempotencyKey }) => pay(idempotencyKey, `${input.amount} for ${input.order}`), {
      atMostOnce: true,
      onUnknown: ({ idempotencyKey }) => findPayment(idempotencyKey) ?? step.again,
    }),
)

/** Fakes a payment provider: a ledger outside of the worker. */
function pay(key: string, what: string): string {
  appendFileSync(ledger, `${key} ${what}\n`)
  if (role === 'doomed worker') process.kill(process.pid, 'SIGKILL')
  return `paid ${what}`
}

function payments(): string[] {
  return readFileSync(ledger, 'utf8').split('\n').filter(Boolean)
}

function findPayment(key: string): string | undefined {
  const payment = payments().find((line) => line.startsWith(key))
  return payment === undefined ? undefined : `paid ${payment.slice(key.length + 1)}, found by its key`
}

async function work(): Promise<void> {
  const worker = createWorker({ store, jobs: [charge], logger: createLogger({ level: 'error' }) })
  await worker.run()
}

function startWorker(name: string): ChildProcess {
  return fork(import.meta.filename, [name, folder])
}

async function main(): Promise<void> {
  writeFileSync(ledger, '')
  const jobs = await connect(store)
  const handle = await jobs.enqueue(charge, { order: 'order-7', amount: '42.00' })

  const [, signal] = await once(startWorker('doomed worker'), 'exit')
  console.log(`first worker paid, and died by ${signal} before it could say so`)

  const second = startWorker('worker')
  console.log(`result: ${await handle.result({ timeout: '20s' })}`)
  console.log(`payments at the provider: ${payments().length}`)

  second.kill('SIGTERM')
  await once(second, 'exit')
  await jobs.close()
  rmSync(folder, { recursive: true })
}

await (role === undefined ? main() : work())
