import { randomUUID } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import type { OperatorWrite } from '../model/operator-write.ts'

const longestText = 1_000

/** Who does something by hand and why; left out: user and host of the process. */
export interface ByHand {
  by?: string | undefined
  reason?: string | undefined
}

/** A write by hand with an id of its own, so that a repeat after a lost answer changes nothing. */
export function operatorWrite(write: ByHand): OperatorWrite {
  checkKnownOptions(write, ['by', 'reason'], 'a write by hand')
  const by = write.by ?? defaultOperator()
  for (const [name, text] of Object.entries({ by, reason: write.reason ?? '' })) {
    if (typeof text !== 'string' || text.length > longestText) {
      throw new InvalidOptionsError(`${name}: write a text of at most ${longestText} characters`)
    }
  }
  return { by, requestId: randomUUID(), ...(write.reason === undefined ? {} : { reason: write.reason }) }
}

/** User and host of this process: recorded, not proven. */
export function defaultOperator(): string {
  return `${userName()}@${hostname()}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container's user id often has no name.
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}
