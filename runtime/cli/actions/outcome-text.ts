import { optionNames, outcomeSentence, progressText } from '../../describe/plan-sentences.ts'
import type { ActionInfo } from '../../store/actions.ts'
import { screenWidth } from '../output.ts'
import { plainText, wrap } from '../plain-text.ts'

const maxListed = 10

/** What an action has done, and why it left runs alone. */
export function outcomeText(action: ActionInfo): string {
  const { refused, refusals } = action
  const listed = refusals.slice(0, maxListed)
  const rest = refused - listed.length
  return [
    outcomeSentence(action),
    ...listed.flatMap(({ run, reason }) => indented(`${run}: ${optionNames(reason)}`)),
    ...(rest > 0 ? [`  and ${rest} more (the first 100 with --json)`] : []),
  ].join('\n')
}

function indented(text: string): string[] {
  const width = screenWidth()
  const lines = wrap(plainText(text), width === undefined ? undefined : width - 4)
  return lines.map((line, i) => `${i === 0 ? '  ' : '    '}${line}`)
}

/** Tells on one line of a terminal how far an action is. */
export function showProgress(action: ActionInfo): void {
  if (!process.stderr.isTTY) return
  // The last words take its place.
  process.stderr.write(`\r\u001b[K${action.cursor === undefined ? '' : progressText(action)}`)
}
