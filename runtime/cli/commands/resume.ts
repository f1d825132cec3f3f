import type { Command } from 'commander'
import { queueResumedText } from '../../describe/action-result.ts'
import { withConnection } from '../connection.ts'
import { operator } from '../operator.ts'
import { printJson, say } from '../output.ts'
import { addOperatorOptions, type OperatorOptions } from '../shared-options.ts'

export function addResume(program: Command): void {
  const command = program
    .command('resume')
    .description('start runs of a paused queue again')
    .argument('<queue>', 'name of the queue')
  addOperatorOptions(command, '{ queue, paused }').action(resume)
}

async function resume(queue: string, options: OperatorOptions): Promise<void> {
  await withConnection(options, async (jobs) => {
    const queues = await jobs.inspector.queues()
    const paused = queues.filter((one) => one.paused !== undefined).map(({ name }) => name)
    await jobs.resumeQueue(queue, operator(options))
    if (options.json) return printJson({ queue, paused: false })
    say(
      paused.includes(queue)
        ? queueResumedText(queue)
        : `queue ${queue} was not paused; paused queues: ${paused.join(', ') || 'none'}`,
    )
  })
}
