import type { Command } from 'commander'
import { removedText } from '../../describe/action-result.ts'
import { actOnMany } from '../actions/act-on-many.ts'
import { type ActionOptions, addActionOptions, isSingle } from '../actions/action-options.ts'
import { withOneRun } from '../actions/one-run.ts'
import { operator } from '../operator.ts'
import { printJson, say } from '../output.ts'

export function addRemove(program: Command): void {
  const command = program
    .command('remove')
    .description('delete ended runs with all they stored: by id, or all that match')
  addActionOptions(command, '{ id, removed }').action(remove)
}

async function remove(ids: readonly string[], options: ActionOptions): Promise<void> {
  if (options.dryRun || !isSingle(ids, options)) return actOnMany('remove', ids, options)
  await withOneRun(ids, options, async (jobs, id) => {
    await jobs.remove(id, operator(options))
    if (options.json) printJson({ id, removed: true })
    else say(removedText(id))
  })
}
