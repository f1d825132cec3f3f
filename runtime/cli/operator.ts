import type { ByHand } from '../client/by-hand.ts'
import { defined } from '../model/defined.ts'
import type { OperatorOptions } from './shared-options.ts'

/** The operator of an action and the reason; left out: the user and host of this process. */
export function operator({ by, reason }: OperatorOptions): ByHand {
  return defined({ by, reason })
}
