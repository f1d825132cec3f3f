import type { Jobs } from '../client/client.ts'
import { UnknownRunError } from '../model/errors.ts'
import type { SharedOptions } from './shared-options.ts'

/** Connects to the store of the command line for as long as `use` takes. */
export async function withConnection<T>(options: SharedOptions, use: (jobs: Jobs) => Promise<T>): Promise<T> {
  const { connect } = await import('../client/client.ts')
  const jobs = await connect(options.store)
  try {
    return await use(jobs).catch((error: unknown) => {
      if (!(error instanceof UnknownRunError)) throw error
      // Most often the id is right and the store is not: the address depends on the folder.
      throw Object.assign(error, { message: `${error.message} (${jobs.inspector.address})` })
    })
  } finally {
    await jobs.close()
  }
}
