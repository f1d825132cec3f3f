// A web app enqueues and replies at once; the browser polls the status later. The id comes from the order, so a request
// that is sent twice starts one run. Worker and web app are usually separate processes.
// Prints at the end:
//   POST /orders/7 -> 202 order-7
//   POST /orders/7 -> 202 order-7
//   GET /runs/order-7 -> 200 completed, parcel packed for Ana
//   GET /runs/order-8 -> 404
//   packed 1 time
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, defineJob, UnknownRunError } from 'durable-jobs'
import { createLogger, createWorker } from 'durable-jobs/runtime'
import { z } from 'zod'

let packed = 0

const packOrder = defineJob(
  { name: 'pack-order', input: z.object({ customer: z.string() }) },
  async ({ input, step }) => {
    await step.run('pack', () => {
      packed++
    })
    return `parcel packed for ${input.customer}`
  },
)

const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-'))
const store = `sqlite:${join(folder, 'jobs.db')}`
const jobs = await connect(store)
const worker = createWorker({ store, jobs: [packOrder], logger: createLogger({ level: 'error' }) })
await worker.start()

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, collection, name = ''] = (request.url ?? '').split('/')
  if (request.method === 'POST' && collection === 'orders') {
    const { id } = await jobs.enqueue(packOrder, { customer: 'Ana' }, { id: `order-${name}` })
    response.writeHead(202, { location: `/runs/${id}` }).end(id)
  } else if (request.method === 'GET' && collection === 'runs') {
    const run = jobs.run(packOrder, name)
    const { state } = await run.status()
    response.end(state === 'completed' ? `${state}, ${await run.result()}` : state)
  } else {
    response.writeHead(404).end()
  }
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    response.writeHead(error instanceof UnknownRunError ? 404 : 500).end()
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

async function ask(method: string, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
  return `${method} ${path} -> ${response.status} ${await response.text()}`.trimEnd()
}

console.log(await ask('POST', '/orders/7'))
console.log(await ask('POST', '/orders/7'))
let answer = ''
while (!answer.includes('completed')) {
  answer = await ask('GET', '/runs/order-7')
  await pause(50)
}
console.log(answer)
console.log(await ask('GET', '/runs/order-8'))
console.log(`packed ${packed} time`)

server.close()
await worker.stop()
await jobs.close()
rmSync(folder, { recursive: true })
