// A worker of a story in a task. Argument: a StoryWorkerSpec as JSON. Its log goes to stdout, the steps of its runs to the
// event log.

import { hookedScaleInProtection } from '../../../../runtime/fargate/scale-in-protection.ts'
import { createWorker, type Middleware } from '../../../../runtime/index.ts'
import { BodyLog } from '../../fleet/body-log.ts'
import { storyJobList, storyJobs } from '../story/story-jobs.ts'
import type { StoryWorkerSpec } from '../story/story-worker-spec.ts'

const spec = JSON.parse(process.argv[2] ?? '') as StoryWorkerSpec
const { minuteMs, periodMinutes } = spec
const log = new BodyLog(spec.log)

const slots: Middleware = {
  run: async ({ run, signal }, next) => {
    log.write('entered', { run: run.id, note: run.job })
    signal.addEventListener('abort', () =>
      log.write('aborted', { run: run.id, note: String(signal.reason?.reason) }),
    )
    const end = await next()
    log.write('settled', { run: run.id, note: end.outcome })
    return end
  },
}

const worker = createWorker({
  jobs: storyJobList(storyJobs(log)),
  store: spec.store,
  concurrency: spec.concurrency,
  lease: spec.leaseMs,
  stopTimeout: spec.stopTimeoutMs,
  middleware: [
    hookedScaleInProtection(
      { mode: 'required', period: periodMinutes * minuteMs, maxTotal: 1_000 * periodMinutes * minuteMs },
      { minuteMs },
    ),
    slots,
  ],
})
process.exitCode = await worker.run()
