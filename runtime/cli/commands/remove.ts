import type { Command } from 'commander'
import { withConnection } from '../connection.ts'
import { operator } from '../operator.ts'
import { print, printJson } from '../output.ts'
import { addOperatorOptions, type OperatorOptions } from '../shared-options.ts'

export function addRemove(program: Command): void {
  const command = program
    .command('remove')
    .description('delete an ended run with all it stored')
    .argument('<id>', 'id of the run')
  addOperatorOptions(command, '{ id, removed }').action(remove)
}

async function remove(id: string, options: OperatorOptions): Promise<void> {
  await withConnection(options, async (jobs) => {
    await jobs.remove(id, operator(options))
    if (options.json) printJson({ id, removed: true })
    else print(`run ${id} is removed`)
  })
}
