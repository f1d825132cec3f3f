// Concurrent steps with a plain Promise.all: each is stored when it ends, independently of the others.
// Concurrent steps of one name need different keys.
// Prints at the end:
//   3 sizes made side by side
//   small 64, medium 256, large 1024
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, defineJob } from 'durable-jobs'
import { createLogger, createWorker } from 'durable-jobs/runtime'
import { z } from 'zod'

const sizes = { small: 64, medium: 256, large: 1024 }

const makeThumbnails = defineJob(
  { name: 'make-thumbnails', input: z.object({ image: z.string() }) },
  async ({ input, step }) => {
    const made = await Promise.all(
      Object.entries(sizes).map(([size, width]) =>
        step.run('resize', () => resize(input.image, size, width), { key: size }),
      ),
    )
    return made.join(', ')
  },
)

let resizing = 0
let most = 0

async function resize(_image: string, size: string, width: number): Promise<string> {
  resizing++
  most = Math.max(most, resizing)
  await pause(100)
  resizing--
  return `${size} ${width}`
}

const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const jobs = await connect(store)
const worker = createWorker({ store, jobs: [makeThumbnails], logger: createLogger({ level: 'error' }) })
await worker.start()

const handle = await jobs.enqueue(makeThumbnails, { image: 'portrait.png' })
const made = await handle.result({ timeout: '20s' })
console.log(`${most} sizes made side by side\n${made}`)

await worker.stop()
await jobs.close()
rmSync(folder, { recursive: true })
