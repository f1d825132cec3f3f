import type { Jobs } from '../client/client.ts'
import type { SharedOptions } from './shared-options.ts'

/** Connects to the store of the command line for as long as `use` takes. */
export async function withJobs<T>(options: SharedOptions, use: (jobs: Jobs) => Promise<T>): Promise<T> {
  const { connect } = await import('../client/client.ts')
  const jobs = await connect(options.store)
  try {
    return await use(jobs)
  } finally {
    await jobs.close()
  }
}
