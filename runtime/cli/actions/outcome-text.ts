import type { ActionInfo } from '../../store/actions.ts'
import { withOptionNames } from '../option-values.ts'
import { screenWidth } from '../output.ts'
import { plainText, wrap } from '../plain-text.ts'
import { doneWords, runsText } from './plan-text.ts'

const maxListed = 10

/** What an action has done, and why it left runs alone. */
export function outcomeText(action: ActionInfo): string {
  const { id, done, refused, refusals } = action
  const listed = refusals.slice(0, maxListed)
  const rest = refused - listed.length
  return [
    `${doneWords[action.action]} ${runsText(done)}${refused === 0 ? '' : `, refused ${refused}`} (action ${id})`,
    ...listed.flatMap(({ run, reason }) => indented(`${run}: ${withOptionNames(reason)}`)),
    ...(rest > 0 ? [`  and ${rest} more (the first 100 with --json)`] : []),
  ].join('\n')
}

function indented(text: string): string[] {
  const width = screenWidth()
  const lines = wrap(plainText(text), width === undefined ? undefined : width - 4)
  return lines.map((line, i) => `${i === 0 ? '  ' : '    '}${line}`)
}

/** Tells on one line of a terminal how far an action is. */
export function showProgress({ action, done, refused, matching, cursor }: ActionInfo): void {
  if (!process.stderr.isTTY) return
  const of = matching === undefined ? '' : ` of ${matching}`
  const text = `${doneWords[action]} ${done}${of}${refused === 0 ? '' : `, refused ${refused}`}`
  // The last words take its place.
  process.stderr.write(`\r\u001b[K${cursor === undefined ? '' : text}`)
}
