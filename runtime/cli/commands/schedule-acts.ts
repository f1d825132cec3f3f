import type { Command } from 'commander'
import type { ByHand } from '../../client/by-hand.ts'
import type { Jobs } from '../../client/client.ts'
import { schedulePausedText, scheduleResumedText, triggeredText } from '../../describe/action-result.ts'
import { commandLine } from '../../describe/command-line.ts'
import { withConnection } from '../connection.ts'
import { operator } from '../operator.ts'
import { printJson, say } from '../output.ts'
import { addOperatorOptions, type OperatorOptions } from '../shared-options.ts'

interface Act {
  readonly name: string
  readonly description: string
  readonly shape: string
  /** Carries it out; resolves to the JSON fields besides the schedule's name, and the sentence. */
  readonly run: (
    jobs: Jobs,
    schedule: string,
    write: ByHand,
    options: OperatorOptions,
  ) => Promise<[object, string]>
}

const acts: readonly Act[] = [
  {
    name: 'pause',
    description: 'stop firing; ticks are recorded as paused',
    shape: '{ schedule, paused }',
    run: async (jobs, schedule, write, options) => {
      await jobs.schedules.pause(schedule, write)
      const resume = commandLine(['schedules', 'resume', schedule], options)
      return [{ paused: true }, `${schedulePausedText(schedule)}; resume it with: ${resume}`]
    },
  },
  {
    name: 'resume',
    description: 'fire again from the next tick on',
    shape: '{ schedule, paused }',
    run: async (jobs, schedule, write) => {
      await jobs.schedules.resume(schedule, write)
      return [{ paused: false }, scheduleResumedText(schedule)]
    },
  },
  {
    name: 'trigger',
    description: 'run it now, in addition to its ticks',
    shape: '{ schedule, run }',
    run: async (jobs, schedule, write, options) => {
      const { id } = await jobs.schedules.trigger(schedule, write)
      return [{ run: id }, `${triggeredText(id)}; show it with: ${commandLine(['show', id], options)}`]
    },
  },
  {
    name: 'remove',
    description: 'delete a schedule created with put, with its ledger',
    shape: '{ schedule, removed }',
    run: async (jobs, schedule, write) => {
      await jobs.schedules.remove(schedule, write)
      return [{ removed: true }, `schedule ${schedule} is removed`]
    },
  },
]

/** Subcommands that change a schedule. */
export function addScheduleActs(schedules: Command): void {
  for (const { name, description, shape, run } of acts) {
    const command = schedules
      .command(name)
      .description(description)
      .argument('<name>', 'name of the schedule')
    addOperatorOptions(command, shape).action(async (schedule: string, options: OperatorOptions) => {
      await withConnection(options, async (jobs) => {
        const [json, sentence] = await run(jobs, schedule, operator(options), options)
        if (options.json) printJson({ schedule, ...json })
        else say(sentence)
      })
    })
  }
}
