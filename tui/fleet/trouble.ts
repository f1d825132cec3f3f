import { StoreFormatError, StoreUnavailableError } from '../../runtime/model/errors.ts'
import { InvalidOptionsError } from '../../runtime/model/invalid-options-error.ts'
import { messageOf } from '../../runtime/model/thrown.ts'
import type { Trouble } from './fleet-view.ts'

/**
 * Returns the meaning of a read's error for the screen.
 * @throws the error itself if neither a retry nor a screen helps: a defect, or an invalid address.
 */
export function troubleOf(error: unknown): Trouble {
  const message = messageOf(error)
  if (StoreFormatError.is(error)) return { kind: 'newer', message }
  if (StoreUnavailableError.is(error)) {
    return { kind: error.kind === 'forbidden' ? 'forbidden' : 'offline', message }
  }
  throw error
}

/** The same for a read of one screen, which shows errors of its own request. */
export function problemOf(error: unknown): string {
  return InvalidOptionsError.is(error) ? messageOf(error) : troubleOf(error).message
}
