import type { Incident } from './incident.ts'
import { mail } from './jobs/orders.ts'

/** An operator paused a queue and forgot it. */
export const pausedQueue: Incident = {
  name: 'paused-queue',
  title: 'A queue makes no progress',
  needs: 'store',
  says: /Queue 'mail' is paused by ana \(provider is down\) and holds 1 run, the oldest ready for/,
  code: 3,
  begin: async (site) => {
    const jobs = await site.jobs()
    await jobs.pauseQueue('mail', { by: 'ana', reason: 'provider is down' })
    const { id } = await jobs.enqueue(mail)
    await site.work('orders.ts')
    return {
      words: { QUEUE: 'mail' },
      run: id,
      cured: async () => void (await jobs.run(id).result()),
    }
  },
}
