import type { Command } from 'commander'
import { cancelledText } from '../../describe/action-result.ts'
import { actOnMany } from '../actions/act-on-many.ts'
import { type ActionOptions, addActionOptions, isSingle } from '../actions/action-options.ts'
import { withOneRun } from '../actions/one-run.ts'
import { operator } from '../operator.ts'
import { printJson, say } from '../output.ts'

export function addCancel(program: Command): void {
  const command = program.command('cancel').description('cancel runs: by id, or all that match')
  addActionOptions(command, '{ id, state }').action(cancel)
}

async function cancel(ids: readonly string[], options: ActionOptions): Promise<void> {
  if (options.dryRun || !isSingle(ids, options)) return actOnMany('cancel', ids, options)
  await withOneRun(ids, options, async (jobs, id) => {
    const { state } = await jobs.run(id).cancel(operator(options))
    if (options.json) return printJson({ id, state })
    say(cancelledText(id, state))
  })
}
