import { defined } from '../model/defined.ts'
import { changesOf, nearbyText } from './changes.ts'
import { type Finding, severities } from './finding.ts'
import type { FindingKind, Sighting } from './finding-kind.ts'
import { findingKinds } from './finding-kinds.ts'
import type { Snapshot } from './snapshot.ts'

/** Beyond this many, they share a cause, which the first ones show. */
export const maxFindingsPerKind = 50

/**
 * Returns the findings of one snapshot, the most severe first, then the oldest. A single snapshot may contain transient
 * conditions.
 */
export function findFindings(
  snapshot: Snapshot,
  kinds: readonly FindingKind[] = findingKinds,
): readonly Finding[] {
  const { overview } = snapshot
  const changes = changesOf(overview)
  const toFinding = (kind: string, sighting: Sighting): Finding => {
    const { subject, related: _, since, ...told } = sighting
    const id = `${kind}:${subject}`
    const nearby = nearbyText(sighting, changes, overview.now)
    const muted = overview.mutes.find((mute) => mute.finding === id && mute.until > overview.now)
    return {
      ...{ id, kind, ...told, since: since.at },
      ...(since.known === 'exact' ? {} : { sinceAtLeast: true }),
      ...(since.known === 'unknown' ? { beginUnknown: true } : {}),
      ...defined({ nearby, muted }),
    }
  }
  return inOrder(
    kinds.flatMap(({ kind, find }) =>
      inOrder(find(snapshot).map((sighting) => toFinding(kind, sighting))).slice(0, maxFindingsPerKind),
    ),
  )
}

/** Changes before a finding was first seen mean nothing if it may have existed for long by then. */
export function withoutGuess(finding: Finding): Finding {
  const { nearby: _, ...rest } = finding
  return finding.beginUnknown ? rest : finding
}

/** The most severe first, then the oldest. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const rank = ({ severity }: Finding): number => severities.indexOf(severity)
  return [...findings].sort((a, b) => rank(a) - rank(b) || a.since - b.since || (a.id < b.id ? -1 : 1))
}
