import type { LeaseId } from '../../store.ts'
import { type CampaignReply, checkCampaign, type DutyAges, type LeaderInfo } from '../../terms.ts'
import { chunks } from '../chunks.ts'
import type { Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'

export async function campaign(
  calls: ScriptCalls,
  role: string,
  lease: LeaseId,
  termMs: number,
  after: number = 0,
): Promise<CampaignReply> {
  checkCampaign(role, termMs)
  const reply = await calls.run('campaign', [role, lease, termMs, after])
  const [kind, second, left, workers] = reply as Buffer[]
  switch (String(kind)) {
    case 'leading':
      return { kind: 'leading', term: Number(second) }
    case 'following':
      return {
        kind: 'following',
        leader: String(second),
        termLeftMs: Number(left),
        workers: Number(workers),
      }
    default:
      return { kind: 'lost' }
  }
}

export async function renewTerm(
  calls: ScriptCalls,
  role: string,
  term: number,
  lease: LeaseId,
  duties: DutyAges,
): Promise<'held' | 'lost'> {
  const ages = Object.entries(duties).flatMap(([name, ageMs]) => [name, Math.round(ageMs)])
  return (await calls.run('renew-term', [role, term, lease, ...ages])) === 1 ? 'held' : 'lost'
}

export async function resignTerm(
  calls: ScriptCalls,
  role: string,
  term: number,
  lease: LeaseId,
): Promise<void> {
  await calls.run('resign-term', [role, term, lease])
}

/** In the layout of scripts/term-part.lua; an empty list of duties arrives as a map. */
type StoredTerm = readonly [
  term: number,
  since: number,
  endsAt: number,
  duties: readonly (string | number)[] | Readonly<Record<string, never>>,
  resignedBy: string,
  lease?: string,
  worker?: string,
]

/** And the server's wall time, which `since` is by. */
interface Leaders {
  readonly wall: number
  readonly leaders: readonly LeaderInfo[]
}

export async function readLeaders(calls: ScriptCalls): Promise<Leaders> {
  return decodeLeaders(calls, await calls.run('read-terms', [maxRoles]))
}

const maxRoles = 10_000

export function decodeLeaders(calls: ScriptCalls, reply: Reply): Leaders {
  const [time, , ...found] = reply as Buffer[]
  const now = Number(time)
  const leaders = chunks<[Buffer, Buffer]>(found, 2).map(([role, packed]) => {
    const leader = toLeader(String(role), plain.unpack(packed) as StoredTerm, now)
    return { ...leader, since: calls.clock.shown(leader.since) }
  })
  return { wall: calls.clock.shown(now), leaders: leaders.sort((a, b) => (a.role < b.role ? -1 : 1)) }
}

function toLeader(
  role: string,
  [term, since, endsAt, duties, , , worker]: StoredTerm,
  now: number,
): LeaderInfo {
  if (worker === undefined) return { role, term, since, termLeftMs: 0, duties: {} }
  if (endsAt <= now) return { role, term, since: endsAt, termLeftMs: 0, duties: {} }
  return { role, term, worker, since, termLeftMs: endsAt - now, duties: agesOf(duties, now) }
}

function agesOf(duties: StoredTerm[3], now: number): DutyAges {
  if (!Array.isArray(duties)) return {}
  const ages = chunks<[string, number]>(duties, 2).map(([name, at]) => [name, Math.max(0, now - at)])
  return Object.fromEntries(ages)
}
