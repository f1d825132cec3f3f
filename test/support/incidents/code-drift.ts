import type { Incident } from './incident.ts'
import { reserve } from './jobs/reserve.ts'
import { jobFile } from './open-site.ts'
import { reaches } from './wait-until.ts'

/** New code calls a stored step as another kind of step. */
export const codeDrift: Incident = {
  name: 'code-drift',
  title: 'A run is blocked',
  needs: 'store',
  says: /1 run of 'reserve' is blocked: step 'hold seats' is stored as 'run' but the code calls it as 'sleep'/,
  code: 3,
  begin: async (site) => {
    const before = await site.work('reserve.ts')
    const jobs = await site.jobs()
    const { id } = await jobs.enqueue(reserve)
    await before.said('confirming')
    await before.kill('SIGTERM')
    const changed = await site.work('reserve-changed.ts')
    await reaches(jobs, id, 'blocked')
    return {
      words: { FILE: jobFile('reserve-mended.ts') },
      run: id,
      mend: async () => void (await changed.kill('SIGTERM')),
      cured: async () => void (await jobs.run(id).result()),
    }
  },
}
