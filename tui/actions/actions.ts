import type { Action } from './action.ts'
import { cancel } from './cancel.ts'
import { drainWorker } from './drain-worker.ts'
import { mute, unmute } from './finding.ts'
import { resetLimiter, setLimiter } from './limiter.ts'
import { pauseQueue, resumeQueue } from './queue.ts'
import { remove } from './remove.ts'
import { retry } from './retry.ts'
import { retryFromStep } from './retry-from-step.ts'
import { pauseSchedule, resumeSchedule, triggerSchedule } from './schedule.ts'
import type { Target, TargetKind } from './target.ts'

/** All actions: one line each. Keys and help are in the keymap, by `command`. */
export const actions: readonly Action[] = [
  listed(retry),
  listed(retryFromStep),
  listed(cancel),
  listed(remove),
  listed(pauseQueue),
  listed(resumeQueue),
  listed(pauseSchedule),
  listed(resumeSchedule),
  listed(triggerSchedule),
  listed(drainWorker),
  listed(setLimiter),
  listed(resetLimiter),
  listed(mute),
  listed(unmute),
]

/** Returns the action of a command that applies to a target; undefined if none does. */
export function actionFor(command: string, target: Target): Action | undefined {
  return actions.find(
    (action) =>
      action.command === command && action.on.includes(target.kind) && (action.isFor?.(target) ?? true),
  )
}

/** Every command of an action, once. */
export const actionCommands: readonly string[] = [...new Set(actions.map(({ command }) => command))]

/** Sound, as `actionFor` hands an action only targets that it is `on`. */
function listed<Kind extends TargetKind>(action: Action<Kind>): Action {
  return action as unknown as Action
}
