import type { Jobs } from '../client/client.ts'
import { openStore } from '../store/open-store.ts'
import { parseStoreConfig } from '../store/store-config.ts'
import type { SharedOptions } from './shared-options.ts'

/** The address of the store, a path in it absolute: job files are loaded after this, and may change the folder. */
export function storeAddress(options: SharedOptions): string {
  return parseStoreConfig(options.store).url
}

/**
 * Connects to the store of the command line for as long as `use` takes. Only who brings work makes a store that
 * is not there: a mistyped path would look like lost runs.
 */
export async function withConnection<T>(
  options: SharedOptions,
  use: (jobs: Jobs) => Promise<T>,
  { create = false }: { create?: boolean } = {},
): Promise<T> {
  const { Jobs } = await import('../client/client.ts')
  const config = parseStoreConfig(options.store)
  const jobs = new Jobs(await openStore(config, { create }), config, [])
  try {
    return await use(jobs)
  } finally {
    await jobs.close()
  }
}
