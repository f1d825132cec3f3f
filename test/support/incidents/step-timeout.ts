import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Incident } from './incident.ts'
import { report } from './jobs/orders.ts'
import { reaches } from './wait-until.ts'

/** A step takes longer than its timeout allows. */
export const stepTimeout: Incident = {
  name: 'step-timeout',
  title: 'A step took too long',
  needs: 'store',
  says: /It failed .*step 'render'.*(timeout|timed out|longer than)/,
  code: 0,
  begin: async (site) => {
    await site.work('orders.ts')
    const jobs = await site.jobs()
    const { id } = await jobs.enqueue(report)
    await reaches(jobs, id, 'failed')
    return {
      words: { RUN: id },
      run: id,
      mend: async () => writeFileSync(join(site.folder, 'mended'), ''),
      cured: async () => void (await jobs.run(id).result()),
    }
  },
}
