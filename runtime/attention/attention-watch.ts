import { findFindings, inOrder, withoutGuess } from './find-findings.ts'
import type { Finding } from './finding.ts'
import type { Snapshot } from './snapshot.ts'

/** For this many rounds in a row a finding must be seen until it's raised, and missed until it's cleared. */
const raisedAfter = 2
const clearedAfter = 3

interface Tracked {
  finding: Finding
  /** Rounds in a row that it was seen in, counted until it's raised. */
  seen: number
  /** Rounds in a row that it was missed in. */
  missed: number
}

/**
 * The findings of a reader that polls, without those that come and go between two reads: a finding is raised in its
 * second round and cleared after three without it.
 */
export class AttentionWatch {
  readonly #tracked = new Map<string, Tracked>()
  #hasLooked = false

  /** Adds one round. Returns the findings that are raised now, the most severe first, then the oldest. */
  look(snapshot: Snapshot): readonly Finding[] {
    const findings = findFindings(snapshot)
    // A condition that begins while it watches began when it was first seen.
    const told = this.#hasLooked ? findings : findings.map(withoutGuess)
    this.#hasLooked = true
    const found = new Map(told.map((finding) => [finding.id, finding]))
    for (const [id, finding] of found) this.#see(id, finding)
    for (const [id, tracked] of this.#tracked) if (!found.has(id)) this.#miss(id, tracked)
    const raised = [...this.#tracked.values()].filter(({ seen }) => seen >= raisedAfter)
    return inOrder(raised.map(({ finding }) => finding))
  }

  /** Whether the last round had changes that the next one raises or drops. */
  get isConfirming(): boolean {
    return [...this.#tracked.values()].some(({ seen }) => seen < raisedAfter)
  }

  #see(id: string, finding: Finding): void {
    const before = this.#tracked.get(id)
    const seen = Math.min(raisedAfter, (before?.seen ?? 0) + 1)
    this.#tracked.set(id, { finding: sinceFirstSeen(finding, before?.finding), seen, missed: 0 })
  }

  #miss(id: string, tracked: Tracked): void {
    tracked.missed++
    if (tracked.seen < raisedAfter || tracked.missed >= clearedAfter) this.#tracked.delete(id)
  }
}

/** If the store can't date a finding, uses when it was first seen, and the changes near then. */
export function sinceFirstSeen(finding: Finding, before: Finding | undefined): Finding {
  if (before === undefined || !finding.sinceAtLeast || before.since >= finding.since) return finding
  const { nearby: _, ...rest } = finding
  const { since, nearby } = before
  return { ...rest, since, ...(nearby === undefined ? {} : { nearby }) }
}
