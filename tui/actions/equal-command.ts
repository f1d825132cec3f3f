import { defaultOperator } from '../../runtime/client/by-hand.ts'
import { commandLine } from '../../runtime/describe/command-line.ts'
import type { Choice } from './action.ts'
import { actionId } from './calls.ts'
import type { Asked } from './stage.ts'

/** Returns the command that does the same, for copying. */
export function equalCommand(
  { action, environment, target }: Asked,
  fixed: Asked['target'] | undefined,
  choice: Choice,
  reason: string | undefined,
): string {
  const { operator, store } = environment
  const words = [
    ...action.words(fixed ?? target, choice),
    ...(reason === undefined ? [] : ['--reason', reason]),
    ...(operator === defaultOperator() ? [] : ['--by', operator]),
  ]
  return commandLine(words, store === undefined ? {} : { store })
}

/** Returns the command that continues a started action. */
export function continueCommand(asked: Asked): string {
  const { action, environment } = asked
  const { store } = environment
  const words = [action.command, '--continue', actionId(asked)]
  return commandLine(words, store === undefined ? {} : { store })
}
