import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Incident } from './incident.ts'
import { pay } from './jobs/orders.ts'
import { reaches } from './wait-until.ts'

/** A step throws, and no attempt is left. */
export const stepThrows: Incident = {
  name: 'step-throws',
  title: 'A run failed',
  needs: 'store',
  says: /It failed .*Cannot read properties of undefined \(reading 'sku'\)\.\s+The error came from step 'charge'/,
  code: 0,
  begin: async (site) => {
    await site.work('orders.ts')
    const jobs = await site.jobs()
    const { id } = await jobs.enqueue(pay)
    await reaches(jobs, id, 'failed')
    return {
      words: { RUN: id },
      run: id,
      mend: async () => writeFileSync(join(site.folder, 'mended'), ''),
      cured: async () => void (await jobs.run(id).result()),
    }
  },
}
