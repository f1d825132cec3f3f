import type { Command } from 'commander'
import { UnknownRunError } from '../../model/errors.ts'
import { withConnection } from '../connection.ts'
import { print, printJson, say } from '../output.ts'
import { oneLine } from '../plain-text.ts'
import { paintState } from '../run-text.ts'
import { addSharedOptions, type SharedOptions } from '../shared-options.ts'
import { wholeId } from '../whole-ids.ts'

export function addExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('say in plain sentences why a run is not running now')
    .argument('<id>', 'id of the run, or the first characters of a generated one')
  addSharedOptions(command, '{ id, state, sentences: [TEXT] }').action(explain)
}

async function explain(typed: string, options: SharedOptions): Promise<void> {
  await withConnection(options, async (jobs) => {
    const id = await wholeId(jobs.inspector, typed)
    const explanation = await jobs.explain(id)
    const { state, sentences } = explanation
    if (state === 'unknown' && (await jobs.inspector.duplicateOf(id)) === undefined)
      throw new UnknownRunError(id, jobs.inspector.address)
    if (options.json) return printJson(explanation)
    print(`${state === 'unknown' ? 'duplicate' : paintState(state, state)}  ${id}`)
    for (const sentence of sentences) say(`  ${oneLine(sentence)}`)
  })
}
