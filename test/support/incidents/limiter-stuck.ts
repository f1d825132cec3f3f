import type { Incident } from './incident.ts'
import { sync } from './jobs/orders.ts'
import { reaches } from './wait-until.ts'

/** A run that hangs holds the only slot of a limiter. */
export const limiterStuck: Incident = {
  name: 'limiter-stuck',
  title: 'A run waits for a limiter',
  needs: 'store',
  says: /It waits for limiter 'tenant': 1 of 1 in use, held by run \S+/,
  code: 0,
  begin: async (site) => {
    await site.work('orders.ts')
    const jobs = await site.jobs()
    const holder = await jobs.enqueue(sync, { forever: true })
    await reaches(jobs, holder.id, 'running')
    const { id } = await jobs.enqueue(sync, {})
    await reaches(jobs, id, 'waiting')
    return {
      words: { RUN: id, HOLDER: holder.id },
      run: id,
      cured: async () => void (await jobs.run(id).result()),
    }
  },
}
