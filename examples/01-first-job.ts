// Writes a mail, waits, and sends it. Each step runs once, and a restart in between neither repeats a step nor
// restarts the wait. The run stays in .durable-jobs/jobs.db.
// Prints at the end:
//   sent to ana@example.com: Welcome, Ana!
import { connect, defineJob } from 'durable-jobs'
import { createWorker } from 'durable-jobs/runtime'
import { z } from 'zod'

const welcome = defineJob(
  { name: 'welcome', input: z.object({ name: z.string(), email: z.email() }) },
  async ({ input, step }) => {
    const text = await step.run('write', () => `Welcome, ${input.name}!`)
    await step.sleep('let them look around', '2s')
    return step.run('send', ({ idempotencyKey }) => sendMail(input.email, text, idempotencyKey))
  },
)

/** Fakes a mail provider, which refuses a second mail with the same key. */
async function sendMail(to: string, text: string, _key: string): Promise<string> {
  return `sent to ${to}: ${text}`
}

// Your web app does this …
const jobs = await connect()
const handle = await jobs.enqueue(welcome, { name: 'Ana', email: 'ana@example.com' })

// … and a separate process this; there `await worker.run()` works until a signal stops it.
const worker = createWorker({ jobs: [welcome] })
await worker.start()

const sent = await handle.result({ timeout: '20s' })
await worker.stop()
await jobs.close()
console.log(sent)
