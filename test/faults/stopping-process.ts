import type { Duration } from '../../runtime/model/duration.ts'
import { createWorker } from '../../runtime/worker/worker.ts'
import { defineJob } from '../../sdk/index.ts'

/** The parent's order to this process: one argument, as JSON. */
export interface StoppingSpec {
  readonly store: string
  readonly stopTimeout: Duration
  /** Whether it also does the work of a leader. */
  readonly leads: boolean
}

// The parent has died: no other process would end this one.
process.on('disconnect', () => process.exit())

const spec = JSON.parse(process.argv[2] ?? '') as StoppingSpec
/** Its steps never stop, so that a run is held whenever the signal comes. */
const endless = defineJob({ name: 'endless' }, async ({ step, log }) => {
  for (;;) {
    await step.run('step', () => new Promise<void>((resolve) => setTimeout(resolve, 50)))
    log.info({}, 'a step ended')
  }
})
const worker = createWorker({ store: spec.store, jobs: [endless], stopTimeout: spec.stopTimeout })
if (spec.leads) {
  worker.onLeader(
    ({ signal }) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
  )
}
process.exitCode = await worker.run()
process.disconnect()
