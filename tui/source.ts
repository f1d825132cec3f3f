import { Jobs } from '../runtime/client/client.ts'
import { openStore } from '../runtime/store/open-store.ts'
import { shownUrl } from '../runtime/store/shown-url.ts'
import { parseStoreConfig } from '../runtime/store/store-config.ts'

/** The source of the TUI: a store of the user's, or the shop of a demo. */
export interface Source {
  /** Without secrets. */
  readonly address: string
  /** As commands to type name it; left out: the default. */
  readonly store?: string
  /** Called again while it rejects with StoreUnavailableError. The caller closes its result. */
  connect(): Promise<Jobs>
  /** Ends everything that was started for the TUI alone. */
  close(): Promise<void>
}

/**
 * The store of the command line. Reading creates nothing: not the store, not its tables, no worker.
 * @throws InvalidOptionsError
 */
export function storeSource(store: string | undefined): Source {
  const config = parseStoreConfig(store)
  return {
    address: shownUrl(config.url),
    ...(store === undefined ? {} : { store: config.url }),
    connect: async () =>
      new Jobs(await openStore(config, { create: false, prepare: 'at first write' }), config, []),
    close: async () => undefined,
  }
}
