import { formatDuration } from '../../model/format-duration.ts'
import { deadDutyMs } from '../../store/leader-check.ts'
import { exactly, type FindingKind } from '../finding-kind.ts'
import { subjectOf } from '../subject-of.ts'
import { command } from '../texts.ts'

/** A worker holds its term, and a duty of it has stopped. */
export const deadDuty: FindingKind = {
  kind: 'dead-duty',
  find: ({ overview: { now, leaders } }) =>
    leaders.flatMap(({ role, worker, duties }) =>
      worker === undefined
        ? []
        : Object.entries(duties)
            .filter(([, ageMs]) => ageMs > deadDutyMs)
            .map(([duty, ageMs]) => ({
              subject: subjectOf(role, duty),
              severity: 'critical',
              since: exactly(now - ageMs),
              sentence: `${worker} leads '${role}', but its duty '${duty}' has not succeeded for ${formatDuration(ageMs)}.`,
              next: command('drain', worker),
              related: { leader: 'any', version: 'any' },
            })),
    ),
}
