/**
 * `no-op` does nothing, and so does `spread` in 100 queues; `ten-steps` stores ten times, `told` tells its input to
 * `onBegin` first of all.
 */
export type JobName = 'no-op' | 'spread' | 'ten-steps' | 'told'

export interface Input {
  readonly n: number
}

export interface WorkOptions {
  readonly job: JobName
  readonly concurrency: number
  /** The first line of a `told` job. */
  onBegin?(input: Input): void
  /** A job has ended and its end is stored. */
  onEnd?(): void
}

/** What every contestant can do; `work` answers how to stop. */
export interface Contestant {
  enqueue(job: Exclude<JobName, 'spread'>, input: Input): Promise<unknown>
  enqueueMany(job: JobName, inputs: readonly Input[]): Promise<unknown>
  work(options: WorkOptions): Promise<() => Promise<void>>
  close(): Promise<void>
}
