import type { Incident } from './incident.ts'
import { serverOf } from './server-of.ts'

export const wrongPassword: Incident = {
  name: 'wrong-password',
  title: 'Redis refuses the password',
  needs: 'server',
  says: /refused the user name or password/,
  code: 2,
  begin: async (site) => {
    const server = await serverOf(site)
    await server.command('ACL', 'SETUSER', 'app', 'on', '>right', '~*', '&*', '+@all')
    const as = (password: string): string => site.store.replace('redis://', `redis://app:${password}@`)
    return { words: { STORE: as('right') }, store: as('wrong') }
  },
}
