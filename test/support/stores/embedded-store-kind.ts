import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../../runtime/store/open-store.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import type { OpenOptions, StoreKind, StoreUnderTest } from './store-under-test.ts'

export const embeddedStore: StoreKind = { name: 'embedded', open }

async function open({ retention = {} }: OpenOptions = {}): Promise<StoreUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-contract-'))
  const connections: Store[] = []
  let elapsed = 0
  let moved = Date.UTC(2026, 0, 1)
  const now = (): number => moved + elapsed
  const connect = async (): Promise<Store> => {
    const url = `sqlite:${join(folder, 'jobs.db')}`
    const store = await openStore(parseStoreConfig({ url, retention }), {
      storeNow: now,
      storeElapsed: () => elapsed,
    })
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
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
