import { systemClock } from '../../../runtime/model/clock.ts'
import type { Job } from '../../../runtime/model/job.ts'
import { declaredDefinitions } from '../../../runtime/worker/declared-definitions.ts'
import { parseWorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { Dice } from '../dice.ts'
import { quietLog } from '../quiet-log.ts'
import { type Marks, type Plot, partsOf } from '../shop/plot.ts'
import { allPlots } from '../shop/plots.ts'
import { shopJobs } from '../shop/shop-jobs.ts'
import type { ActedCode } from './acted-run.ts'
import type { PastCode } from './past-worker.ts'

/** A release as workers of the past have it. */
export interface PastRelease extends PastCode {
  /** As web servers enqueue runs of them. */
  readonly definitions: ReadonlyMap<string, Job>
}

/** What a live worker of the release would register, so that it changes nothing when one does later. */
export async function pastRelease(release: number, marks: Marks, url: string): Promise<PastRelease> {
  const definitions = shopJobs({ release, marks, clock: systemClock, dice: new Dice(release) })
  const jobs = [...definitions.values()]
  const config = parseWorkerOptions({ store: url, jobs, logger: quietLog })
  const declared = await declaredDefinitions(jobs, config.store.maxValueBytes)
  const acted = (plot: Plot): ActedCode => {
    const digest = config.registered.find(({ name }) => name === plot.name)?.digest ?? ''
    return { version: plot.version ?? release, digest, parts: partsOf(plot, release) }
  }
  return {
    release,
    definitions,
    registration: { jobs: config.registered, definitions: declared, limiters: config.limiters },
    jobs: new Map(allPlots.map((plot) => [plot.name, acted(plot)])),
  }
}
