import type { Command } from 'commander'
import { queuePausedText } from '../../describe/action-result.ts'
import { commandLine } from '../../describe/command-line.ts'
import type { Inspector } from '../../store/store.ts'
import { withConnection } from '../connection.ts'
import { operator } from '../operator.ts'
import { printJson, say } from '../output.ts'
import { addOperatorOptions, type OperatorOptions } from '../shared-options.ts'

export function addPause(program: Command): void {
  const command = program
    .command('pause')
    .description('start no more runs of a queue; running ones continue')
    .argument('<queue>', 'name of the queue')
  addOperatorOptions(command, '{ queue, paused }').action(pause)
}

async function pause(queue: string, options: OperatorOptions): Promise<void> {
  await withConnection(options, async (jobs) => {
    const unknown = !(await isInUse(queue, jobs.inspector))
    await jobs.pauseQueue(queue, operator(options))
    if (options.json) return printJson({ queue, paused: true })
    const doubt = unknown ? ' (no live run or worker uses it now)' : ''
    say(`${queuePausedText(queue)}${doubt}; resume it with: ${commandLine(['resume', queue], options)}`)
  })
}

/** A queue needs no declaration, so a mistyped name only gets a hint. */
async function isInUse(queue: string, inspector: Inspector): Promise<boolean> {
  const queues = await inspector.queues()
  if (queues.some(({ name }) => name === queue)) return true
  const workers = await inspector.workers()
  return workers.some(({ jobs }) => jobs.some((job) => job.queue === queue))
}
