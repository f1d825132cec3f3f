import type { ByHand } from '../client/by-hand.ts'
import { given } from './given.ts'
import type { OperatorOptions } from './shared-options.ts'

/** Who asks for a change and why; left out: the user and host of this process. */
export function operator({ by, reason }: OperatorOptions): ByHand {
  return given({ by, reason })
}
