import type { Command } from 'commander'
import { drainingText } from '../../describe/action-result.ts'
import { withConnection } from '../connection.ts'
import { operator } from '../operator.ts'
import { printJson, say } from '../output.ts'
import { addOperatorOptions, type OperatorOptions } from '../shared-options.ts'

export function addDrain(program: Command): void {
  const command = program
    .command('drain')
    .description('let a worker hand its runs over and stop')
    .argument('<worker>', "its name, as 'durable-jobs workers' lists it")
  addOperatorOptions(command, '{ worker, draining }').action(drain)
}

async function drain(worker: string, options: OperatorOptions): Promise<void> {
  await withConnection(options, async (jobs) => {
    await jobs.drainWorker(worker, operator(options))
    if (options.json) printJson({ worker, draining: true })
    else say(drainingText(worker))
  })
}
