import type { ActionPlan } from '../../client/actions/plan-action.ts'
import type { ActionInfo, ActionKind } from '../../store/actions.ts'
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
    ...listed.flatMap(({ run, reason }) => indented(`${run}: ${optionNames(reason)}`)),
    ...(rest > 0 ? [`  and ${rest} more (the first 100 with --json)`] : []),
  ].join('\n')
}

function indented(text: string): string[] {
  const width = screenWidth()
  const lines = wrap(plainText(text), width === undefined ? undefined : width - 4)
  return lines.map((line, i) => `${i === 0 ? '  ' : '    '}${line}`)
}

/** Reasons name options as the client's. */
function optionNames(reason: string): string {
  return reason.replaceAll('runAgain', '--run-again')
}

/** One line on a terminal that tells how far an action is. */
export class Progress {
  readonly #kind: ActionKind
  readonly #of: string
  readonly #shown: boolean

  constructor(kind: ActionKind, plan: ActionPlan | undefined, quiet: boolean) {
    this.#kind = kind
    this.#of = plan === undefined ? '' : ` of ${plan.matching.exact ? '' : 'at least '}${plan.matching.runs}`
    this.#shown = !quiet && process.stderr.isTTY === true
  }

  show({ done, refused, cursor }: ActionInfo): void {
    if (!this.#shown) return
    const text = `${doneWords[this.#kind]} ${done}${this.#of}${refused === 0 ? '' : `, refused ${refused}`}`
    // The last words take its place.
    process.stderr.write(`\r\u001b[K${cursor === undefined ? '' : text}`)
  }
}
