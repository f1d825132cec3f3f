// Manual actions: cancel an obsolete run, and continue a failed run once its cause is fixed. Its stored steps stay, so
// it continues where it failed. `durable-jobs cancel ID` and `retry ID` do the same.
// Prints at the end:
//   follow-up ended with RUN_CANCELLED
//   failed: step 'book' failed after 1 attempt: the calendar is down
//   again from book, kept: find a room
//   booked room 12, looked for a room 1 time
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, defineJob, RunCancelledError, RunFailedError } from 'durable-jobs'
import { createLogger, createWorker } from 'durable-jobs/runtime'
import { z } from 'zod'

const followUp = defineJob({ name: 'follow-up' }, async ({ step }) => {
  await step.sleep('give them time', '30d')
})

let calendarIsUp = false
let looked = 0

const bookRoom = defineJob(
  { name: 'book-room', input: z.object({ people: z.number() }) },
  async ({ input, step }) => {
    const room = await step.run('find a room', () => {
      looked++
      return input.people + 4
    })
    await step.run(
      'book',
      () => {
        if (!calendarIsUp) throw new Error('the calendar is down')
      },
      { retry: false },
    )
    return `booked room ${room}`
  },
)

const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const jobs = await connect(store)
// To stderr: logs the failing run.
const logger = createLogger({ level: 'error', stream: process.stderr })
const worker = createWorker({ store, jobs: [followUp, bookRoom], logger })
await worker.start()

const unneeded = await jobs.enqueue(followUp)
await unneeded.cancel({ by: 'ana', reason: 'the customer left' })
await unneeded.result({ timeout: '20s' }).catch((error: unknown) => {
  if (!(error instanceof RunCancelledError)) throw error
  console.log(`follow-up ended with ${error.code}`)
})

const broken = await jobs.enqueue(bookRoom, { people: 8 })
await broken.result({ timeout: '20s' }).catch((error: unknown) => {
  if (!(error instanceof RunFailedError && error.cause instanceof Error)) throw error
  console.log(`failed: ${error.cause.message}`)
})

calendarIsUp = true
const { runsAgain, keeps } = await broken.retry({ by: 'ana', reason: 'the calendar is up again' })
console.log(`again from ${runsAgain.join(', ')}, kept: ${keeps.join(', ')}`)
console.log(`${await broken.result({ timeout: '20s' })}, looked for a room ${looked} time`)

await worker.stop()
await jobs.close()
rmSync(folder, { recursive: true })
