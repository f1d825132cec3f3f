import { type Clock, pause } from '../model/clock.ts'
import { sinceFirstSeen } from './attention-watch.ts'
import { findFindings, withoutGuess } from './find-findings.ts'
import type { Finding } from './finding.ts'
import type { Snapshot } from './snapshot.ts'

/** A condition reported for this long isn't transient. */
const settledMs = 5_000
const betweenRoundsMs = 1_000

/**
 * Returns the findings for a single call. A condition that began a while ago by the store's own times needs one read;
 * the others are read a second time, a second later.
 */
export async function findAttention(
  read: () => Promise<Snapshot>,
  clock: Clock,
): Promise<readonly Finding[]> {
  const first = await read()
  const before = findFindings(first).map(withoutGuess)
  if (before.every((finding) => isSettled(finding, first))) return before
  await pause(clock, betweenRoundsMs)
  const second = await read()
  return findFindings(second).flatMap((finding) => {
    const known = before.find(({ id }) => id === finding.id)
    if (known === undefined && !isSettled(finding, second)) return []
    return [withoutGuess(sinceFirstSeen(finding, known))]
  })
}

function isSettled({ since, sinceAtLeast }: Finding, { overview }: Snapshot): boolean {
  return sinceAtLeast === undefined && overview.now - since >= settledMs
}
