import { type FindingKind, unknownBefore } from '../finding-kind.ts'
import { command } from '../texts.ts'

/** Checks whose subjects have findings of their own. */
const elsewhere: ReadonlySet<string> = new Set([
  ...['workers', 'queues', 'paused', 'leader', 'schedules', 'deadlocks'],
])

const severityOf = { fault: 'critical', warning: 'warning' } as const

/** The store's own checks of itself and its host. Its configuration is for `doctor`, unless it loses runs. */
export const storeFault: FindingKind = {
  kind: 'store-fault',
  find: ({ overview: { now }, checks }) =>
    checks.flatMap(({ name, verdict, found, remedy, setup }) => {
      if (verdict === 'fine' || elsewhere.has(name) || (verdict === 'warning' && setup)) return []
      return [
        {
          subject: name,
          severity: severityOf[verdict],
          since: unknownBefore(now),
          sentence: `The store's check '${name}' says: ${found}${remedy === undefined ? '' : `; to do: ${remedy}`}.`,
          next: command('doctor'),
          related: { worker: 'any', version: 'any', leader: 'any', action: 'any' },
        },
      ]
    }),
}
