import { formatDuration } from '../model/format-duration.ts'
import type { StoreCheck, WorkerInfo } from './store.ts'
import { type LeaderInfo, leaderRole } from './terms.ts'

/** A duty without a good round for this long is dead, whoever leads. */
export const deadDutyMs = 60_000
const leaderlessMs = 30_000

/**
 * Leading is not working: a worker may hold its term while a duty of it has stopped.
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
  const leader = leaders.find(({ role }) => role === leaderRole)
  const isDead = workers.some(({ name, lost }) => lost && name === leader?.worker)
  if (leader?.worker !== undefined && !isDead) {
    return { name: 'leader', verdict: 'fine', found: `${leader.worker}, term ${leader.term}` }
  }
  return leaderless(leader, workers, now)
}

/** Whoever could have led and did not counts from its start, or from the end of the last term. */
function leaderless(last: LeaderInfo | undefined, workers: readonly WorkerInfo[], now: number): StoreCheck {
  const live = workers.filter(({ lost, draining }) => !lost && !draining)
  if (live.length === 0) return { name: 'leader', verdict: 'fine', found: 'none, and no worker to lead' }
  const since = Math.max(last?.since ?? 0, Math.min(...live.map(({ startedAt }) => startedAt)))
  const found = `none for ${formatDuration(Math.max(0, now - since))}`
  if (now - since <= leaderlessMs) return { name: 'leader', verdict: 'fine', found }
  return {
    name: 'leader',
    verdict: 'warning',
    found: `${found}: nobody sweeps, no schedule fires`,
    remedy: 'start a worker without --no-leader, or read in the log of one why it does not lead',
  }
}
