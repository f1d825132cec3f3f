import type { Incident } from './incident.ts'
import { invoice } from './jobs/invoice-2.ts'
import { jobFile } from './open-site.ts'

/** Runs of a new version are enqueued before a worker has it. */
export const versionDrift: Incident = {
  name: 'version-drift',
  title: 'No worker takes a run',
  needs: 'store',
  says: /Runs of job 'invoice', version 2, are ready in queue 'default', and no live worker has that version/,
  code: 3,
  begin: async (site) => {
    await site.work('invoice-1.ts')
    const jobs = await site.jobs()
    const { id } = await jobs.enqueue(invoice)
    return {
      words: { FILE: jobFile('invoice-2.ts') },
      run: id,
      cured: async () => void (await jobs.run(id).result()),
    }
  },
}
