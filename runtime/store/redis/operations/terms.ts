import type { LeaseId } from '../../store.ts'
import type { CampaignReply, DutyAges, LeaderInfo } from '../../terms.ts'
import type { Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'

interface Held {
  readonly role: string
  readonly term: number
  readonly lease: LeaseId
}

export async function campaign(
  calls: ScriptCalls,
  candidate: readonly [role: string, lease: LeaseId, termMs: number, after: number],
): Promise<CampaignReply> {
  const [kind, second, left, workers] = (await calls.run('campaign', candidate)) as Buffer[]
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
  { role, term, lease }: Held,
  duties: DutyAges,
): Promise<'held' | 'lost'> {
  const ages = Object.entries(duties).flatMap(([name, ageMs]) => [name, Math.round(ageMs)])
  return (await calls.run('renew-term', [role, term, lease, ...ages])) === 1 ? 'held' : 'lost'
}

export async function resignTerm(calls: ScriptCalls, { role, term, lease }: Held): Promise<void> {
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
  const leaders = found.flatMap((role, i) => {
    const packed = found[i + 1]
    if (i % 2 !== 0 || !packed) return []
    const leader = toLeader(String(role), plain.unpack(packed) as StoredTerm, now)
    return [{ ...leader, since: calls.clock.shown(leader.since) }]
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
  const pairs = duties.flatMap((name: string | number, i) =>
    i % 2 === 0 ? [[String(name), Math.max(0, now - Number(duties[i + 1]))]] : [],
  )
  return Object.fromEntries(pairs)
}
