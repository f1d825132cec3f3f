import { type ExpectedMute, type ExpectingWrite, refuseStale } from '../../../model/expecting-write.ts'
import { checkMute, type Mute, maxMutes, tooManyMutes } from '../../mutes.ts'
import { chunks } from '../chunks.ts'
import type { Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { expectedTime } from './expected-time.ts'

export async function muteFinding(
  calls: ScriptCalls,
  finding: string,
  forMs: number,
  write: ExpectingWrite<ExpectedMute>,
): Promise<{ readonly until: number }> {
  checkMute(finding, forMs)
  const answer = await send(calls, finding, forMs, write)
  if (answer === 'full') throw tooManyMutes(finding)
  return { until: calls.clock.shown(Number(answer)) }
}

export async function unmuteFinding(
  calls: ScriptCalls,
  finding: string,
  write: ExpectingWrite<ExpectedMute>,
): Promise<boolean> {
  checkMute(finding, 1)
  return (await send(calls, finding, 0, write)) === '1'
}

async function send(
  calls: ScriptCalls,
  finding: string,
  forMs: number,
  { by, reason = '', requestId, expected }: ExpectingWrite<ExpectedMute>,
): Promise<string> {
  const until = expected === undefined ? '' : expectedTime(calls, expected.until)
  const args = [finding, requestId, by, reason, forMs, maxMutes, until]
  const answer = String(await calls.run('mute-finding', args))
  refuseStale(answer !== 'moved', `the mute of '${finding}'`)
  return answer
}

export async function readMutes(calls: ScriptCalls): Promise<Mute[]> {
  return decodeMutes(calls, await calls.run('read-mutes', []))
}

/** What scripts/read-mutes.lua returns. */
export function decodeMutes(calls: ScriptCalls, reply: Reply): Mute[] {
  const [now, ...found] = reply as Buffer[]
  const mutes = chunks<[Buffer, Buffer]>(found, 2).flatMap(([finding, packed]) => {
    const { until, by, reason } = plain.unpack(packed) as Omit<Mute, 'finding'>
    if (until <= Number(now)) return []
    const why = reason === undefined ? {} : { reason }
    return [{ finding: String(finding), until: calls.clock.shown(until), by, ...why }]
  })
  return mutes.sort((a, b) => (a.finding < b.finding ? -1 : 1))
}
