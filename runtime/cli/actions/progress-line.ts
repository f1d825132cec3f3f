import { progressText } from '../../describe/plan-sentences.ts'
import type { ActionInfo } from '../../store/actions.ts'

/** Shows the progress of an action on one line of a terminal. */
export class ProgressLine {
  #isOpen = false

  show(action: ActionInfo): void {
    if (!process.stderr.isTTY) return
    // The final output replaces it.
    const text = action.cursor === undefined ? '' : progressText(action)
    process.stderr.write(`\r\u001b[K${text}`)
    this.#isOpen = text !== ''
  }

  /** Ends the progress line before other output. */
  end(): void {
    if (this.#isOpen) process.stderr.write('\n')
    this.#isOpen = false
  }
}
