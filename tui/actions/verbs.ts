import { randomUUID } from 'node:crypto'
import type { ActContext, Verb } from '../app/verb.ts'
import { ActionDialog, type DialogDeps } from './action-dialog.ts'
import { actionCommands, actionFor } from './actions.ts'
import { targetOf, targetText } from './target.ts'

interface VerbDeps extends DialogDeps {
  /** The id of the next request: letters, digits, `-` and `_`. */
  readonly newId: () => string
}

const systemDeps: VerbDeps = { newId: randomUUID, now: Date.now }

/** The app's actions, by the command of the keymap. */
export function actionVerbs(deps: VerbDeps = systemDeps): Readonly<Record<string, Verb>> {
  return Object.fromEntries(actionCommands.map((command) => [command, verbOf(command, deps)]))
}

function verbOf(command: string, deps: VerbDeps): Verb {
  return {
    command,
    refusal: (context) => refusalOf(command, context),
    begin: ({ things, environment }) => {
      const target = targetOf(things)
      const action = target === undefined ? undefined : actionFor(command, target)
      if (target === undefined || action === undefined) {
        throw new TypeError(`${command} was started on the wrong kind of row`)
      }
      return ActionDialog.open({ id: deps.newId(), action, target, environment }, deps)
    },
  }
}

function refusalOf(command: string, { things }: ActContext): string | undefined {
  if (things.length === 0) return 'nothing is selected'
  const target = targetOf(things)
  if (target === undefined) {
    return things.length === 1
      ? `it doesn't apply to a ${things[0]?.kind}`
      : `it applies to marked runs, or to one ${things[0]?.kind} at a time`
  }
  const action = actionFor(command, target)
  if (action === undefined) return `it doesn't apply to ${targetText(target)}`
  return action.refusal?.(target)
}
