// One run per key at a time. A second request for the same report joins the existing run and gets its result; a second
// import is refused; an edited draft replaces the mail that has not been sent. The key is part of its run: any end of
// the run frees it, and a killed worker doesn't.
// Prints at the end:
//   report of May: the same run, 3 rows twice, built 1 time
//   import refused: DUPLICATE_RUN, held by the run that is there
//   drafts: created, replaced, replaced; sent 'third draft'
//   after its end the key is free
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, DuplicateRunError, defineJob } from 'durable-jobs'
import { createLogger, createWorker } from 'durable-jobs/runtime'
import { z } from 'zod'

let built = 0

// `unique: true` means: the same input, until the run has finished, and duplicates join.
const buildReport = defineJob(
  { name: 'build-report', input: z.object({ month: z.string() }), unique: true },
  ({ input, step }) =>
    step.run('build', () => {
      built++
      return input.month.length
    }),
)

const importFile = defineJob(
  {
    name: 'import-file',
    input: z.object({ file: z.string(), by: z.string() }),
    unique: { key: ({ file }) => file, onDuplicate: 'reject' },
  },
  () => undefined,
)

const sendDraft = defineJob(
  {
    name: 'send-draft',
    input: z.object({ draft: z.number(), text: z.string() }),
    // Until it starts: an edit while a mail is being sent becomes the next mail.
    unique: { key: ({ draft }) => draft, until: 'started', onDuplicate: 'replace' },
  },
  ({ input, step }) => step.run('send', () => input.text),
)

const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const jobs = await connect(store)

const first = await jobs.enqueue(buildReport, { month: 'May' })
const second = await jobs.enqueue(buildReport, { month: 'May' })

const running = await jobs.enqueue(importFile, { file: 'a.csv', by: 'ana' })
const refused = await jobs.enqueue(importFile, { file: 'a.csv', by: 'ben' }).catch((error: unknown) => error)
if (!(refused instanceof DuplicateRunError)) throw new Error('one import of a file is enough')

const texts = ['first draft', 'second draft', 'third draft']
const drafts = await jobs.enqueueMany(
  sendDraft,
  texts.map((text) => ({ draft: 7, text })),
)
const last = await jobs.unique.holder(sendDraft, { draft: 7, text: '' })

const logger = createLogger({ level: 'error', stream: process.stderr })
const worker = createWorker({ store, jobs: [buildReport, importFile, sendDraft], logger })
await worker.start()

const rows = await first.result({ timeout: '20s' })
const same = first.id === second.id && rows === (await second.result({ timeout: '20s' }))
console.log(`report of May: ${same ? 'the same run' : 'two runs'}, ${rows} rows twice, built ${built} time`)
const holder = refused.runId === running.id ? 'the run that is there' : refused.runId
console.log(`import refused: ${refused.code}, held by ${holder}`)
const outcomes = drafts.map(({ outcome }) => outcome).join(', ')
console.log(`drafts: ${outcomes}; sent '${await last?.result({ timeout: '20s' })}'`)
const left = await jobs.unique.holder(buildReport, { month: 'May' })
console.log(`after its end the key is ${left === undefined ? 'free' : 'held'}`)

await worker.stop()
await jobs.close()
rmSync(folder, { recursive: true })
