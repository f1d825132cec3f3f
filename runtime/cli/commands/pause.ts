import type { Command } from 'commander'
import { withJobs } from '../connection.ts'
import { operator } from '../operator.ts'
import { print, printJson } from '../output.ts'
import { addOperatorOptions, type OperatorOptions } from '../shared-options.ts'

export function addPause(program: Command): void {
  const command = program
    .command('pause')
    .description('start no more runs of a queue; those that run go on')
    .argument('<queue>', 'name of the queue')
  addOperatorOptions(command).action(pause)
}

async function pause(queue: string, options: OperatorOptions): Promise<void> {
  await withJobs(options, async (jobs) => {
    await jobs.pauseQueue(queue, operator(options))
    if (options.json) printJson({ queue, paused: true })
    else print(`queue ${queue} is paused; resume it with: durable-jobs resume ${queue}`)
  })
}
