import { optionNames } from '../../runtime/describe/plan-sentences.ts'
import { StoreUnavailableError } from '../../runtime/model/errors.ts'
import type { StoreOutageKind } from '../../runtime/model/store-outage.ts'
import { messageOf } from '../../runtime/model/thrown.ts'

/** Why the store did not carry out the request. */
export interface Failure {
  /**
   * - `unknown`: no reply, so it may or may not have been done; the same request again takes effect once
   * - `locked`: nothing was done; the same request may succeed later
   * - `refused`: nothing was done, and trying again does not help
   */
  readonly kind: 'unknown' | 'locked' | 'refused'
  readonly text: string
}

/** Nothing was done, and trying again does not help. */
const refusals: readonly StoreOutageKind[] = [
  'forbidden',
  'login',
  'read-only',
  'missing',
  'unsupported',
  'full',
]

export function failureOf(error: unknown): Failure {
  return { kind: kindOf(error), text: optionNames(messageOf(error)) }
}

function kindOf(error: unknown): Failure['kind'] {
  if (!StoreUnavailableError.is(error) || refusals.includes(error.kind)) return 'refused'
  return error.kind === 'locked' ? 'locked' : 'unknown'
}
