import { openBullMq } from './bull-mq.ts'
import type { Contestant, Input, JobName } from './contestant.ts'
import { openDurableJobs } from './durable-jobs.ts'

export function openContestant(name: string | undefined, port: number): Promise<Contestant> {
  if (name === 'BullMQ') return openBullMq(port)
  return openDurableJobs(port, name === 'beside' ? process.env.BENCH_BESIDE : undefined)
}

function inputs(count: number): Input[] {
  return Array.from({ length: count }, (_, n) => ({ n }))
}

/** Stores many jobs, a thousand per call. */
export async function fill(contestant: Contestant, job: JobName, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1_000) {
    await contestant.enqueueMany(job, inputs(Math.min(left, 1_000)))
  }
}
