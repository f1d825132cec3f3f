import { leaderRole } from '../../../runtime/store/terms.ts'
import { inThePast, leaseMs } from './in-the-past.ts'
import type { Incident } from './incident.ts'
import { nightly } from './jobs/orders.ts'
import { jobFile } from './open-site.ts'
import { waitUntil } from './wait-until.ts'

const hourMs = 3_600_000
const schedule = 'nightly'

/** No worker was there when a tick of a schedule was due. */
export const missedTick: Incident = {
  name: 'missed-tick',
  title: 'A schedule didn’t fire',
  needs: 'store',
  says: /The tick of .* of schedule 'nightly' is .* overdue: no worker leads/,
  code: 3,
  begin: async (site) => {
    await inThePast(site.store, hourMs, async ({ store, jobs, now, worker }) => {
      await jobs.schedules.put(schedule, nightly, { cron: '*/10 * * * *', missed: 'one' })
      const lease = await worker('leader', [{ name: 'nightly', version: 1, queue: 'default' }])
      const answer = await store.campaign(leaderRole, lease, leaseMs)
      if (answer.kind !== 'leading') throw new Error('the only worker was to lead')
      const tick = Math.ceil(now() / 600_000) * 600_000
      const [due] = (await store.dueSchedules(1)).schedules
      const move = { kind: 'plan', next: { tick, dueAt: tick } } as const
      await store.fire({ schedule, revision: due?.revision ?? 0, fence: answer.term, move })
    })
    const jobs = await site.jobs()
    const hasRun = async (): Promise<boolean> =>
      (await jobs.inspector.runs({ job: 'nightly', limit: 1 })).runs.some(
        ({ state }) => state === 'completed',
      )
    return { words: { FILE: jobFile('orders.ts') }, cured: () => waitUntil(hasRun) }
  },
}
