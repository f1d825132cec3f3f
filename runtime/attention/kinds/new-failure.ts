import type { FailureGroup } from '../../store/failures.ts'
import { exactly, type FindingKind } from '../finding-kind.ts'
import { command, countOf, failedWith } from '../texts.ts'
import { lastDeploy, type VersionStart, versionStarts } from '../version-starts.ts'
import { isPoison } from './poisoned-runs.ts'

/** After this long without new failures, a group whose runs an operator has handled needs no attention. */
const recentMs = 900_000
/** An older failure is no news. */
const newsMs = 86_400_000

/** Failures that began with the last deploy of their job. */
export const newFailure: FindingKind = {
  kind: 'new-failure',
  find: ({ overview }) => {
    const starts = versionStarts(overview)
    return overview.failures.flatMap((group) => {
      const deploy = lastDeploy(starts, group.job)
      if (deploy === undefined || !isNews(group, deploy, overview.now)) return []
      const { fingerprint, job, failedNow, tries, firstAt, sample } = group
      return [
        {
          subject: fingerprint,
          severity: failedNow > 0 ? 'warning' : 'notice',
          since: exactly(firstAt),
          sentence:
            `New since version ${deploy.version} of '${job}': ${failedWith(group)}; ` +
            `${countOf(failedNow, 'run')} failed${tries === 0 ? '' : `, ${tries} failed ${tries === 1 ? 'try' : 'tries'}`}.`,
          next: command('explain', sample),
          filter: { fingerprint },
          related: { version: [job], limiter: 'any', worker: 'any' },
        },
      ]
    })
  },
}

function isNews(group: FailureGroup, deploy: VersionStart, now: number): boolean {
  const { firstAt, lastAt, failedNow } = group
  if (isPoison(group) || firstAt < deploy.at || now - firstAt > newsMs) return false
  return failedNow > 0 || now - lastAt <= recentMs
}
