import { systemClock } from '../../runtime/model/clock.ts'
import { openEmbeddedStore } from '../../runtime/store/embedded/embedded-store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'

// Prints the ids of all runs of the file named by its argument, as a user without rights where this one has all.
if (process.getuid?.() === 0) {
  process.setgid?.(65_534)
  process.setuid?.(65_534)
}
const deps = { clock: systemClock, storeNow: undefined, storeElapsed: undefined }
const store = await openEmbeddedStore(parseStoreConfig(process.argv[2] ?? ''), {
  ...deps,
  create: false,
  prepare: 'at first write',
})
const { runs } = await store.runs({ limit: 100 })
console.log(runs.map(({ id }) => id).join(' '))
await store.close()
