import type { Logger } from '../model/job.ts'
import { maxDrainPlans, type RunDrainPlan } from '../store/worker-drain.ts'

/**
 * Logs what will happen to the runs of a worker that begins to drain: a line for each that is in a step, one for the
 * others.
 */
export function logDrainPlan(log: Logger, plans: readonly RunDrainPlan[], leftMs: number): void {
  const inStep = plans.filter(({ path }) => path !== undefined)
  const cutInMs = Math.round(leftMs)
  for (const { run, plan, path } of inStep.slice(0, maxDrainPlans)) {
    if (plan === 'finishing once')
      log.info({ run, step: path }, 'the run is handed over once its at-most-once step has ended')
    else
      log.info({ run, step: path, cutInMs }, 'the run is handed over once its step has ended, or is cut then')
  }
  const counts = { inStep: inStep.length, handedOver: plans.length - inStep.length }
  if (plans.length > 0) log.info({ ...counts, cutInMs }, 'runs in hand at the begin of the drain')
}

/** Logs which steps have outlasted the drain and run again elsewhere. */
export function logCutRuns(log: Logger, plans: readonly RunDrainPlan[]): void {
  for (const { run, plan, path } of plans.slice(0, maxDrainPlans)) {
    if (plan === 'finishing step')
      log.warn(
        { run, step: path },
        'the run is cut: its step has not ended in time, and runs again elsewhere',
      )
  }
}

/** Logs which at-most-once steps have outlasted the drain and continue. */
export function logUncutRuns(log: Logger, plans: readonly RunDrainPlan[], endsInMs: number): void {
  for (const { run, plan, path } of plans.slice(0, maxDrainPlans)) {
    if (plan === 'finishing once')
      log.warn(
        { run, step: path, endsInMs: Math.round(endsInMs) },
        "an at-most-once step has not ended in time: it isn't cut, and may go on until the process must end",
      )
  }
}

/** Logs which at-most-once steps the end of the process may cut. */
export function logUnknownSteps(log: Logger, plans: readonly RunDrainPlan[]): void {
  for (const { run, plan, path } of plans.slice(0, maxDrainPlans)) {
    if (plan === 'finishing once')
      log.error(
        { run, step: path },
        'the worker has to end inside an at-most-once step: what became of the step is unknown, and onUnknown decides; ' +
          'raise stopTimeout or keep such steps short',
      )
  }
}
