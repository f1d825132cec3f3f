import type { Command } from 'commander'
import { withJobs } from '../connection.ts'
import { operator } from '../operator.ts'
import { print, printJson } from '../output.ts'
import { addOperatorOptions, type OperatorOptions } from '../shared-options.ts'

export function addResume(program: Command): void {
  const command = program
    .command('resume')
    .description('start runs of a paused queue again')
    .argument('<queue>', 'name of the queue')
  addOperatorOptions(command).action(resume)
}

async function resume(queue: string, options: OperatorOptions): Promise<void> {
  await withJobs(options, async (jobs) => {
    await jobs.resumeQueue(queue, operator(options))
    if (options.json) printJson({ queue, paused: false })
    else print(`queue ${queue} runs`)
  })
}
