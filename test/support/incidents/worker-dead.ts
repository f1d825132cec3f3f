import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Incident } from './incident.ts'
import { ship } from './jobs/orders.ts'
import { jobFile } from './open-site.ts'
import { waitUntil } from './wait-until.ts'

/** The only worker is killed in the middle of a step. */
export const workerDead: Incident = {
  name: 'worker-dead',
  title: 'A worker died',
  needs: 'store',
  says: /Worker \S+ is dead, last seen .* ago, and holds 1 run; no other worker is running to take it over/,
  code: 3,
  begin: async (site) => {
    const worker = await site.work('orders.ts', '--lease', '1s')
    const jobs = await site.jobs()
    const { id } = await jobs.enqueue(ship)
    await waitUntil(() => existsSync(join(site.folder, 'packing')))
    await worker.kill('SIGKILL')
    await waitUntil(async () => (await jobs.inspector.workers()).some(({ lost }) => lost))
    return {
      words: { FILE: jobFile('orders.ts') },
      run: id,
      cured: async () => void (await jobs.run(id).result()),
    }
  },
}
