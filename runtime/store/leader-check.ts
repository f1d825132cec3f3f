import { formatDuration } from '../model/format-duration.ts'
import type { StoreCheck, WorkerInfo } from './store.ts'
import { type LeaderInfo, leaderRole } from './terms.ts'

/** A duty without a successful round for this long is dead, under any leader. */
export const deadDutyMs = 60_000
/** The longest time without a leader that is normal: the most that an election takes. */
export const leaderlessMs = 30_000

/**
 * A worker may hold its term while one of its duties has stopped.
 * @param now The store's time.
 */
export function leaderCheck(
  leaders: readonly LeaderInfo[],
  workers: readonly WorkerInfo[],
  now: number,
): StoreCheck {
  const dead = leaders.flatMap(({ worker, role, duties }) =>
    Object.entries(duties)
      .filter(([, ageMs]) => ageMs > deadDutyMs)
      .map(
        ([duty, ageMs]) =>
          `${worker} leads '${role}', its duty '${duty}' has had no good round for ${formatDuration(ageMs)}`,
      ),
  )
  if (dead.length > 0) {
    return {
      name: 'leader',
      verdict: 'fault',
      found: dead.join('; '),
      remedy: 'read in its log why, and stop it: another worker then takes the term',
    }
  }
  const leader = livingLeader(leaders, workers)
  if (leader !== undefined) {
    return { name: 'leader', verdict: 'fine', found: `${leader.worker}, term ${leader.term}` }
  }
  return leaderless(leaders, workers, now)
}

function livingLeader(
  leaders: readonly LeaderInfo[],
  workers: readonly WorkerInfo[],
): LeaderInfo | undefined {
  const leader = leaders.find(({ role }) => role === leaderRole)
  const isDead = workers.some(({ name, lost }) => lost && name === leader?.worker)
  return leader?.worker === undefined || isDead ? undefined : leader
}

/**
 * Returns since when no worker leads although one could: since the start of the first one that could, or the end of the
 * last term. Undefined while one leads, and if none could.
 */
export function leaderlessSince(
  leaders: readonly LeaderInfo[],
  workers: readonly WorkerInfo[],
): number | undefined {
  const live = workers.filter(({ lost, draining }) => !lost && !draining)
  if (live.length === 0 || livingLeader(leaders, workers) !== undefined) return undefined
  const last = leaders.find(({ role }) => role === leaderRole)
  return Math.max(last?.since ?? 0, Math.min(...live.map(({ startedAt }) => startedAt)))
}

function leaderless(leaders: readonly LeaderInfo[], workers: readonly WorkerInfo[], now: number): StoreCheck {
  const since = leaderlessSince(leaders, workers)
  if (since === undefined) return { name: 'leader', verdict: 'fine', found: 'none, and no worker to lead' }
  const found = `none for ${formatDuration(Math.max(0, now - since))}`
  if (now - since <= leaderlessMs) return { name: 'leader', verdict: 'fine', found }
  return {
    name: 'leader',
    verdict: 'warning',
    found: `${found}: no worker sweeps, no schedule fires`,
    remedy: 'start a worker without --no-leader, or read in the log of one why it does not lead',
  }
}
