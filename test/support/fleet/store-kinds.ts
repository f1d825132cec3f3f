import { openStore } from '../../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import { embeddedFleetStore } from './embedded-fleet-store.ts'
import type { FleetStore } from './fleet-store.ts'
import { redisFleetStore } from './redis-fleet-store.ts'

/** Makes the store of a fleet, in the fleet's folder if it is a file. */
const makers = {
  embedded: async (folder: string) => embeddedFleetStore(folder),
  redis: () => redisFleetStore('default'),
  /** No worker may list the connections of the server: only the end of a lease reveals a death. */
  'redis, leases only': () => redisFleetStore('leases only'),
} satisfies Record<string, (folder: string) => Promise<FleetStore>>

export type FleetStoreKind = keyof typeof makers

const { DURABLE_JOBS_PROVE_STORE: named } = process.env
const everywhere: readonly FleetStoreKind[] = ['embedded', 'redis']

/** The store kinds of every test here; a part of `npm run prove` names one of them. */
export const storeKinds = everywhere.filter((kind) => named === undefined || kind === named)

export async function newFleetStore(kind: FleetStoreKind, folder: string): Promise<FleetStore> {
  const made = await makers[kind](folder)
  // The tests read it before anything is written, and reading creates no store.
  await (await openStore(parseStoreConfig(made.options))).close()
  return made
}
