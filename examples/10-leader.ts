// One of all workers leads and does the work that must be done once. When it stops, the next one leads with a higher
// number, and a database that stores this number refuses late writes of an older leader.
// Prints at the end:
//   first sends the reports
//   first has stopped in good order
//   second sends the reports in a later term
//   a late write of first is refused
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, defineJob } from 'durable-jobs'
import { createLogger, createWorker, type Leading, type Worker } from 'durable-jobs/runtime'

/** In a database: UPDATE reports SET text = $1, fence = $2 WHERE fence <= $2 */
const reports = { text: '', fence: 0 }

function writeReports(text: string, fence: number): boolean {
  if (fence < reports.fence) return false
  Object.assign(reports, { text, fence })
  return true
}

const begun = { first: Promise.withResolvers<number>(), second: Promise.withResolvers<number>() }

/** Called once per term. It stops when its signal aborts, and the term is handed over once it has returned. */
async function sendReports(worker: Worker, { signal, fence }: Leading): Promise<void> {
  const name = worker.name as keyof typeof begun
  writeReports(`by ${name}`, fence)
  begun[name].resolve(fence)
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  if (name === 'first') console.log('first has stopped in good order')
}

const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const jobs = await connect(store)
const logger = createLogger({ level: 'error' })
const job = defineJob({ name: 'welcome' }, () => 'hello')
const make = (name: string): Worker => {
  const worker = createWorker({ store, jobs: [job], name, logger })
  worker.onLeader('reports', (leading) => sendReports(worker, leading))
  return worker
}

const first = make('first')
await first.start()
const old = await begun.first.promise
console.log(`${first.name} sends the reports`)

const second = make('second')
await second.start()
await first.stop()
const fence = await begun.second.promise
console.log(`${second.name} sends the reports in ${fence > old ? 'a later' : 'the same'} term`)
console.log(`a late write of first is ${writeReports('by first', old) ? 'taken' : 'refused'}`)

await second.stop()
await jobs.close()
rmSync(folder, { recursive: true })
