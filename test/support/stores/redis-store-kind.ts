import { randomUUID } from 'node:crypto'
import { openStore } from '../../../runtime/store/open-store.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import type { OpenOptions, StoreKind, StoreUnderTest } from './store-under-test.ts'

/** Stores on a server that runs: each in a namespace of its own. */
export function redisStore(name: string, url: () => Promise<string>): StoreKind {
  return { name, open: (options) => openOn(url, options) }
}

async function openOn(
  url: () => Promise<string>,
  { retention = {} }: OpenOptions = {},
): Promise<StoreUnderTest> {
  const namespace = `test-${randomUUID()}`
  const connections: Store[] = []
  let elapsed = 0
  let moved = Date.UTC(2026, 0, 1)
  const now = (): number => moved + elapsed
  const connect = async (): Promise<Store> => {
    const config = parseStoreConfig({ url: await url(), namespace, retention })
    const store = await openStore(config, { storeNow: now, storeElapsed: () => elapsed })
    connections.push(store)
    return store
  }
  return {
    store: await connect(),
    another: connect,
    now,
    advance: (ms) => {
      elapsed += ms
    },
    moveClock: (ms) => {
      moved += ms
    },
    close: async () => {
      for (const store of connections) await store.close()
    },
  }
}
