import { type Clock, pause } from '../../../runtime/model/clock.ts'
import { defineJob } from '../../../runtime/model/define-job.ts'
import type { Context, Job, StepContext, StepOptions } from '../../../runtime/model/job.ts'
import type { Dice } from '../dice.ts'
import { actWork } from './act-work.ts'
import { type Facts, type Marks, type Plot, partsOf, type Work } from './plot.ts'
import { allPlots } from './plots.ts'

/** Of a worker that lives. */
export interface ShopDeps {
  readonly release: number
  readonly marks: Marks
  readonly clock: Clock
  readonly dice: Dice
}

export type ShopJob = Job<Facts, unknown>

/** The shop's jobs by name, as a release defines them. */
export function shopJobs(deps: ShopDeps): ReadonlyMap<string, ShopJob> {
  return new Map(allPlots.map((plot) => [plot.name, shopJob(plot, deps)]))
}

function shopJob(plot: Plot, deps: ShopDeps): ShopJob {
  const { name, queue, version = deps.release, priority, limits, unique, schedule } = plot
  const parts = partsOf(plot, deps.release)
  return defineJob<Facts, unknown>(
    {
      ...{ name, queue, version },
      ...(priority === undefined ? {} : { priority }),
      ...(limits === undefined ? {} : { limits }),
      ...(unique === undefined ? {} : { unique }),
      ...(schedule === undefined ? {} : { schedule: schedule(deps.marks) }),
    },
    async ({ input, step }: Context<Facts>) => {
      let last: unknown
      for (const part of parts) {
        if (part.does === 'sleep') await step.sleep(part.name, deps.dice.between(...part.ms))
        else last = await step.run(part.name, (context) => work(part, input, context, deps), optionsOf(part))
      }
      return last
    },
  )
}

function optionsOf({ once, retry }: Work): StepOptions<unknown> {
  if (once) return { atMostOnce: true }
  return retry === undefined ? {} : { retry }
}

/** The body of a step: it takes its time, and then ends as the dice say. */
async function work(part: Work, input: Facts, { signal }: StepContext, deps: ShopDeps): Promise<unknown> {
  const { clock, dice, release } = deps
  const act = actWork(part, { input, dice, release, agoMinutes: 0 })
  await pause(clock, act.ms, signal)
  signal.throwIfAborted()
  if (act.ends === 'badly') throw act.error
  return act.result
}
