import type { ActionPlan } from '../../client/actions/plan-action.ts'
import type { ActionInfo, ActionKind } from '../../store/actions.ts'
import { plainText } from '../plain-text.ts'
import { doneWords, runsText } from './plan-text.ts'

const maxListed = 10

/** What an action has done, and why it left runs alone. */
export function outcomeText(action: ActionInfo): string {
  const { id, done, refused, refusals } = action
  const head = `${doneWords[action.action]} ${runsText(done)}${refused === 0 ? '' : `, refused ${refused}`} (action ${id})`
  const lines = refusals.slice(0, maxListed).map(({ run, reason }) => `  ${run}: ${optionNames(reason)}`)
  const rest = refused - lines.length
  return [
    head,
    ...lines.map(plainText),
    ...(rest > 0 ? [`  and ${rest} more (the first 100 with --json)`] : []),
  ].join('\n')
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
