import { formatDuration } from '../../model/format-duration.ts'
import { leaderlessMs, leaderlessSince } from '../../store/leader-check.ts'
import { leaderRole } from '../../store/terms.ts'
import { exactly, type FindingKind } from '../finding-kind.ts'
import { command } from '../texts.ts'

/** Workers that could lead are running, and none leads. */
export const noLeader: FindingKind = {
  kind: 'no-leader',
  find: ({ overview: { now, leaders, workers } }) => {
    const since = leaderlessSince(leaders, workers)
    if (since === undefined || now - since <= leaderlessMs) return []
    return [
      {
        subject: leaderRole,
        severity: 'critical',
        since: exactly(since),
        sentence: `No worker has led for ${formatDuration(now - since)}: nothing sweeps the store, no schedule fires.`,
        next: command('doctor'),
        related: { leader: 'any', worker: 'any', version: 'any' },
      },
    ]
  },
}
