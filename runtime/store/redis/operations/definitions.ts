import type { DefinitionInfo, DefinitionKind } from '../../definitions.ts'
import { chunks } from '../chunks.ts'
import type { Reply } from '../redis-link.ts'
import type { ScriptCalls } from '../script-calls.ts'

type Found = [name: Buffer, digest: Buffer, inForce: number, workers: number, by: Buffer, at: Buffer]

export async function readDefinitions(calls: ScriptCalls, kind: DefinitionKind): Promise<DefinitionInfo[]> {
  const flat = (await calls.run('read-definitions', [kind])) as Reply[]
  const found = chunks<Found>(flat, 6).map(([name, digest, inForce, workers, by, at]) => ({
    ...{ name: String(name), digest: String(digest), inForce: inForce === 1, workers },
    ...{ firstSeenBy: String(by), firstSeenAt: calls.clock.shown(Number(at)) },
  }))
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}
