import { optionNames } from '../../runtime/describe/plan-sentences.ts'
import { StoreUnavailableError } from '../../runtime/model/errors.ts'
import type { StoreOutageKind } from '../../runtime/model/store-outage.ts'
import { messageOf } from '../../runtime/model/thrown.ts'

/** Why the store did not do what it was asked. */
export interface Failure {
  /** It did not reply, so that it may have been done or not; the same request again does it once. Else it was refused. */
  readonly away: boolean
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
  const away = StoreUnavailableError.is(error) && !refusals.includes(error.kind)
  return { away, text: optionNames(messageOf(error)) }
}
