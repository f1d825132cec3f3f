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
import type { Target } from './target.ts'

/** All that can be done: one line each. Keys and help are in the keymap, by `command`. */
export const actions = {
  retry,
  retryFromStep,
  cancel,
  remove,
  pauseQueue,
  resumeQueue,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
  drainWorker,
  setLimiter,
  resetLimiter,
  mute,
  unmute,
} satisfies Readonly<Record<string, Action<never>>>

/** The action of a command that is for a target; undefined where none is. */
export function actionFor(command: string, target: Target): Action | undefined {
  return (Object.values(actions) as readonly Action[]).find(
    ({ on, isFor, ...action }) =>
      action.command === command && on.includes(target.kind) && (isFor?.(target) ?? true),
  )
}

/** Every command of an action. */
export const actionCommands: readonly string[] = [
  ...new Set(Object.values(actions).map(({ command }) => command)),
]
