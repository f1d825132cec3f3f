import { optionNames, outcomeSentence } from '../../describe/plan-sentences.ts'
import type { ActionInfo } from '../../store/actions.ts'
import { screenWidth } from '../output.ts'
import { plainText, wrap } from '../plain-text.ts'

const maxListed = 10

/** Returns what an action has done, and why it left runs alone. */
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
