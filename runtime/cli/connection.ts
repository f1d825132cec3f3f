import type { Jobs } from '../client/client.ts'
import { openStore, type StoreDeps } from '../store/open-store.ts'
import { parseStoreConfig } from '../store/store-config.ts'
import type { SharedOptions } from './shared-options.ts'

/** The address of the store, with an absolute path: job files are loaded after this, and may change the folder. */
export function storeAddress(options: SharedOptions): string {
  return parseStoreConfig(options.store).url
}

/**
 * Connects to the store of the command line while `use` runs. Only commands that bring work create a missing store: a
 * mistyped path would look like lost runs. Commands that only read leave the store unchanged.
 */
export async function withConnection<T>(
  options: SharedOptions,
  use: (jobs: Jobs) => Promise<T>,
  { create = false, prepare = 'at first write' }: Pick<StoreDeps, 'create' | 'prepare'> = {},
): Promise<T> {
  const { Jobs } = await import('../client/client.ts')
  const config = parseStoreConfig(options.store)
  const jobs = new Jobs(await openStore(config, { create, prepare }), config, [])
  try {
    return await use(jobs)
  } finally {
    await jobs.close()
  }
}
