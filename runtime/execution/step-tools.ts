import type { Duration } from '../model/duration.ts'
import { NestedStepError } from '../model/errors.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { type StepContext, type StepOptions, type StepTools, stepAgain } from '../model/job.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { stepPath, stepSegment } from '../model/step-path.ts'
import type { Execution } from './execution.ts'
import { planRunStep, runStep } from './run-step.ts'
import { sleepMs, sleepStep } from './sleep-step.ts'
import { frames, StepScope } from './step-scope.ts'

/** The `step` object of one stay. */
export function stepTools(execution: Execution): StepTools {
  return {
    again: stepAgain,
    run: async <T>(
      name: string,
      body: (context: StepContext) => T | Promise<T>,
      options?: StepOptions<T>,
    ): Promise<T> => {
      const segment = stepSegment(name, options?.key)
      checkBody(name, body)
      const plan = planRunStep(name, options as StepOptions<never> | undefined)
      return execution.step<T>(currentScope(execution, segment), segment, 'run', (path, stored) =>
        runStep(execution, path, stored, body, plan),
      )
    },
    sleep: async (
      name: string,
      time: Duration | Date,
      options?: { key?: string | number },
    ): Promise<void> => {
      const segment = keyedSegment(name, options)
      const ms = sleepMs(name, time, execution.seams.clock.now())
      return execution.step<void>(currentScope(execution, segment), segment, 'sleep', (path, stored) =>
        sleepStep(execution, path, stored, ms),
      )
    },
    scope: async <T>(
      name: string,
      body: () => T | Promise<T>,
      options?: { key?: string | number },
    ): Promise<T> => {
      const segment = keyedSegment(name, options)
      checkBody(name, body)
      const outer = currentScope(execution, segment)
      const path = outer.enter(segment)
      try {
        return await frames.run({ kind: 'scope', owner: execution, scope: new StepScope(path) }, async () =>
          body(),
        )
      } finally {
        outer.leave(segment)
      }
    },
  }
}

function keyedSegment(name: string, options: { key?: string | number } = {}): string {
  checkKnownOptions(options, ['key'], `step '${name}'`)
  return stepSegment(name, options.key)
}

function checkBody(name: string, body: unknown): void {
  if (typeof body === 'function') return
  throw new InvalidOptionsError(`step '${name}': the second argument must be a function`)
}

/** The innermost scope of the calling code. @throws NestedStepError inside a step's body. */
function currentScope(execution: Execution, segment: string): StepScope {
  const frame = frames.getStore()
  if (frame === undefined || frame.owner !== execution) return execution.root
  if (frame.kind === 'scope') return frame.scope
  throw new NestedStepError(stepPath('', segment, 1), frame.path)
}
