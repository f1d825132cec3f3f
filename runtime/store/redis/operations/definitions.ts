import type { DefinitionInfo, DefinitionKind } from '../../definitions.ts'
import type { Reply } from '../redis-link.ts'
import type { ScriptCalls } from '../script-calls.ts'

const fieldsOfOne = 6

export async function readDefinitions(calls: ScriptCalls, kind: DefinitionKind): Promise<DefinitionInfo[]> {
  const flat = (await calls.run('read-definitions', [kind])) as Reply[]
  const found: DefinitionInfo[] = []
  for (let i = 0; i < flat.length; i += fieldsOfOne) {
    const [name, digest, inForce, workers, firstSeenBy, firstSeenAt] = flat.slice(i, i + fieldsOfOne)
    found.push({
      name: String(name),
      digest: String(digest),
      inForce: inForce === 1,
      workers: Number(workers),
      firstSeenBy: String(firstSeenBy),
      firstSeenAt: calls.clock.shown(Number(firstSeenAt)),
    })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}
