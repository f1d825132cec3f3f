import type { Duration } from '../model/duration.ts'
import { NestedStepError } from '../model/errors.ts'
import { handled } from '../model/handled.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { type StepContext, type StepOptions, type StepTools, stepAgain } from '../model/job.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { type StepPath, stepPath, stepSegment } from '../model/step-path.ts'
import { planRunStep, runStep } from './run-step.ts'
import { sleepMs, sleepStep } from './sleep-step.ts'
import type { StepScheduler } from './step-scheduler.ts'
import { frames, StepScope } from './step-scope.ts'

/**
 * The `step` object of one execution. Each promise that one of its tools returns has a handler of the runtime's own: a
 * step that fails before the author awaits it rejects at that `await` and nowhere else.
 */
export function stepTools(scheduler: StepScheduler): StepTools {
  const tools: [string, unknown][] = Object.entries(toolsOf(scheduler))
  const handedOut = tools.map(([name, tool]) => [
    name,
    typeof tool === 'function' ? handOut(scheduler, tool as Tool) : tool,
  ])
  return Object.fromEntries(handedOut) as StepTools
}

/** A step call: its name first. */
type Tool = (name: unknown, ...rest: unknown[]) => Promise<unknown>

function handOut(scheduler: StepScheduler, tool: Tool): Tool {
  return (name, ...rest) =>
    handled(tool(name, ...rest), (error) =>
      scheduler.failedSteps.addThrown(calledPath(scheduler, name), error),
    )
}

/** Names a call that was refused before it had a path. Never throws. */
function calledPath(scheduler: StepScheduler, name: unknown): StepPath {
  const frame = frames.getStore()
  const prefix =
    frame?.owner !== scheduler.state ? '' : frame.kind === 'scope' ? frame.scope.prefix : frame.path
  const shown = typeof name === 'string' ? name.slice(0, maxNameShown) : `(${typeof name})`
  return prefix === '' ? shown : `${prefix}/${shown}`
}

const maxNameShown = 100

function toolsOf(scheduler: StepScheduler): StepTools {
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
      return scheduler.step<T>(currentScope(scheduler, segment), segment, 'run', (path, stored) =>
        runStep(scheduler, path, stored, body, plan),
      )
    },
    sleep: async (
      name: string,
      time: Duration | Date,
      options?: { key?: string | number },
    ): Promise<void> => {
      const segment = keyedSegment(name, options)
      const ms = sleepMs(name, time, scheduler.deps.clock.now())
      return scheduler.step<void>(currentScope(scheduler, segment), segment, 'sleep', (path, stored) =>
        sleepStep(scheduler, path, stored, ms),
      )
    },
    scope: async <T>(
      name: string,
      body: () => T | Promise<T>,
      options?: { key?: string | number },
    ): Promise<T> => {
      const segment = keyedSegment(name, options)
      checkBody(name, body)
      const outer = currentScope(scheduler, segment)
      const path = outer.enter(segment)
      try {
        return await frames.run(
          { kind: 'scope', owner: scheduler.state, scope: new StepScope(path) },
          async () => body(),
        )
      } catch (error) {
        scheduler.failedSteps.addThrown(path, error)
        throw error
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
function currentScope(scheduler: StepScheduler, segment: string): StepScope {
  const frame = frames.getStore()
  if (frame === undefined || frame.owner !== scheduler.state) return scheduler.root
  if (frame.kind === 'scope') return frame.scope
  throw new NestedStepError(stepPath('', segment, 1), frame.path)
}
