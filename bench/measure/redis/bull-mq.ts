import { stepsPerRun } from '../ten-steps.ts'
import type { Contestant, Input } from './contestant.ts'

/** What is used of the peer; it is installed for benchmarks only. */
interface Peer {
  Queue: new (
    name: string,
    options: PeerOptions,
  ) => {
    add(name: string, data: Input): Promise<unknown>
    addBulk(jobs: readonly { name: string; data: Input }[]): Promise<unknown>
    waitUntilReady(): Promise<unknown>
    close(): Promise<void>
  }
  Worker: new (
    name: string,
    work: (job: PeerJob) => Promise<void>,
    options: PeerOptions & {
      readonly concurrency: number
      readonly removeOnComplete: { readonly age: number; readonly count: number }
    },
  ) => {
    on(event: 'completed', listener: () => void): unknown
    on(event: 'error', listener: (error: Error) => void): unknown
    waitUntilReady(): Promise<unknown>
    close(): Promise<void>
  }
}
interface PeerOptions {
  readonly connection: { readonly host: string; readonly port: number }
}
interface PeerJob {
  readonly name: string
  readonly data: Input
  updateData(data: object): Promise<void>
}

/** What durable-jobs keeps of completed runs unless it is told otherwise: a day, and no more than 100,000. */
const removeOnComplete = { age: 86_400, count: 100_000 }

export async function openBullMq(port: number): Promise<Contestant> {
  const { Queue, Worker } = (await import('bullmq' as string)) as Peer
  const connection = { host: '127.0.0.1', port }
  const queue = new Queue('bench', { connection })
  await queue.waitUntilReady()
  return {
    enqueue: (name, data) => queue.add(name, data),
    enqueueMany: (name, inputs) => queue.addBulk(inputs.map((data) => ({ name, data }))),
    close: () => queue.close(),
    work: async ({ concurrency, onBegin, onEnd }) => {
      const work = async (job: PeerJob): Promise<void> => {
        if (job.name === 'told') onBegin?.(job.data)
        if (job.name !== 'ten-steps') return
        for (let step = 0; step < stepsPerRun; step++) await job.updateData({ n: job.data.n, step })
      }
      const worker = new Worker('bench', work, { connection, concurrency, removeOnComplete })
      worker.on('error', (error) => console.error(error))
      worker.on('completed', () => onEnd?.())
      await worker.waitUntilReady()
      return () => worker.close()
    },
  }
}
