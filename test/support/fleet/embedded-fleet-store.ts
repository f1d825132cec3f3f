import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { FleetStore } from './fleet-store.ts'

/** A file in the fleet's folder. */
export function embeddedFleetStore(folder: string): FleetStore {
  const file = join(folder, 'jobs.db')
  return {
    options: { url: `sqlite:${file}` },
    endPause: async (run) => {
      const database = new DatabaseSync(file, { timeout: 5_000 })
      const set = "UPDATE runs SET wake_at = ?, due_at = ? WHERE id = ? AND state = 'waiting'"
      const now = Date.now()
      const { changes } = database.prepare(set).run(now, now, run)
      database.close()
      if (changes !== 1) throw new Error(`run ${run} does not wait`)
    },
  }
}
