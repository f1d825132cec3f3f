import type { Command } from 'commander'
import { withConnection } from '../connection.ts'
import { operator } from '../operator.ts'
import { print, printJson } from '../output.ts'
import { addOperatorOptions, type OperatorOptions } from '../shared-options.ts'

export function addCancel(program: Command): void {
  const command = program.command('cancel').description('cancel a run').argument('<id>', 'id of the run')
  addOperatorOptions(command, '{ id, state }').action(cancel)
}

async function cancel(id: string, options: OperatorOptions): Promise<void> {
  await withConnection(options, async (jobs) => {
    const { state } = await jobs.run(id).cancel(operator(options))
    if (options.json) return printJson({ id, state })
    const words: Readonly<Record<string, string>> = {
      cancelled: 'is cancelled',
      cancelling: 'is cancelling: its worker has the order and ends it',
    }
    print(`run ${id} ${words[state] ?? `has ended before as ${state}; nothing was changed`}`)
  })
}
