import { progressText } from '../../describe/plan-sentences.ts'
import type { ActionInfo } from '../../store/actions.ts'

/** Tells on one line of a terminal how far an action is. */
export class ProgressLine {
  #isOpen = false

  show(action: ActionInfo): void {
    if (!process.stderr.isTTY) return
    // The last words take its place.
    const text = action.cursor === undefined ? '' : progressText(action)
    process.stderr.write(`\r\u001b[K${text}`)
    this.#isOpen = text !== ''
  }

  /** Ends a line that tells something, before anything else is printed. */
  end(): void {
    if (this.#isOpen) process.stderr.write('\n')
    this.#isOpen = false
  }
}
