import { poisonedFailure } from '../../model/failure-mark.ts'
import type { FailureGroup } from '../../store/failures.ts'
import { atLeast, exactly, type FindingKind, type Since } from '../finding-kind.ts'
import { command, countOf } from '../texts.ts'

/** Runs that killed worker after worker, until the store failed them. */
export const poisonedRuns: FindingKind = {
  kind: 'poisoned',
  find: ({ overview: { failures } }) =>
    failures.filter(isPoison).map((group) => ({
      subject: group.job,
      severity: 'critical',
      since: begin(group),
      sentence:
        `${countOf(group.failedNow, 'run')} of '${group.job}' failed as poisoned: ` +
        `the workers that ran ${group.failedNow === 1 ? 'it' : 'them'} were lost again and again.`,
      next: command('explain', group.sample),
      filter: { fingerprint: group.fingerprint },
      related: { version: [group.job] },
    })),
}

export function isPoison({ code, failedNow }: FailureGroup): boolean {
  return code === poisonedFailure.code && failedNow > 0
}

/** The group may have begun with runs that an operator has since retried. */
function begin({ runs, failedNow, firstAt, lastAt }: FailureGroup): Since {
  return runs === failedNow ? exactly(firstAt) : atLeast(lastAt)
}
