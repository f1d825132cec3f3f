import type { Incident } from './incident.ts'
import { serverOf } from './server-of.ts'

export const redisDown: Incident = {
  name: 'redis-down',
  title: 'Redis can’t be reached',
  needs: 'server',
  says: /redis:\/\/127\.0\.0\.1:\d+.* can't be reached.*ECONNREFUSED.*check that the server runs/,
  code: 2,
  begin: async (site) => {
    const server = await serverOf(site)
    await server.stop()
    return { words: {}, mend: () => server.restart() }
  },
}
