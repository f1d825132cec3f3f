import { defineJob } from '../../../../sdk/index.ts'

/** A body: its kind, its run, and the signal to end. */
export type JobBody = (kind: string, run: string, signal: AbortSignal) => Promise<string>

/**
 * Jobs of the worker in a task: one that needs protection, a short one that does, one with an at-most-once step, one that
 * continues after such a step, one that needs nothing, one that enqueues the next run of its kind, one with a stored step
 * before a body that ignores its signal.
 */
export function workerJobs(body: JobBody) {
  return {
    plain: defineJob({ name: 'plain' }, () => 'plain'),
    charge: defineJob({ name: 'charge', protect: true }, ({ step, run }) =>
      step.run('charge', ({ signal }) => body('charge', run.id, signal)),
    ),
    once: defineJob({ name: 'once' }, ({ step, run }) =>
      step.run('once', ({ signal }) => body('once', run.id, signal), { atMostOnce: true }),
    ),
    brief: defineJob({ name: 'brief', protect: true }, ({ step, run }) =>
      step.run('brief', ({ signal }) => body('brief', run.id, signal)),
    ),
    endless: defineJob({ name: 'endless' }, ({ step, run }) =>
      step.run('endless', ({ signal }) => body('endless', run.id, signal)),
    ),
    deaf: defineJob({ name: 'deaf' }, async ({ step, run }) => {
      await step.run('stored', ({ signal }) => body('stored', run.id, signal))
      return step.run('deaf', ({ signal }) => body('deaf', run.id, signal))
    }),
    goesOn: defineJob({ name: 'goes-on' }, async ({ step, run }) => {
      await step.run('once', () => 'once', { atMostOnce: true })
      return step.run('rest', ({ signal }) => body('rest', run.id, signal))
    }),
  }
}
