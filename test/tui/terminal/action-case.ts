import type { OperationName } from '../../../runtime/store/events.ts'
import type { Shop } from './shop.ts'
import type { Stage } from './stage.ts'

/*
 * Every action, by the keys that lead to it from Home: on one thing, on marked rows, on all that match. The cases of a shop
 * come one after the other: what one has changed is there for the next.
 */

export interface ActionCase {
  readonly title: string
  readonly command: string
  /** The text typed after `:`. */
  readonly place: string
  /** Keys between that and the action's own. */
  readonly choose?: readonly string[]
  /** Reverts its effect on the place. */
  readonly leave?: readonly string[]
  /** Ids of its targets, read before the keys. */
  targets(shop: Shop): Promise<readonly string[]>
  /** On the row under the cursor before anything is chosen; left out: the first target. */
  row?(shop: Shop): Promise<string>
  /** On the screen before anything is chosen, where an earlier case has changed it. */
  readonly ready?: RegExp
  /** On the screen once it is chosen. */
  readonly chosen?: RegExp
  /** The text of the dialog. */
  asks(targets: readonly string[]): RegExp
  /** From the dialog to its confirmation; left out: `y`. Resolves to the command that does the same. */
  answer?(stage: Stage, targets: readonly string[]): Promise<string>
  /** The command that does the same, behind `durable-jobs`. */
  readonly equal: RegExp
  /** The message after it is done. */
  done(targets: readonly string[]): RegExp
  effect(shop: Shop, targets: readonly string[]): Promise<void>
  readonly operation: OperationName
  readonly reason?: string
}
