import { StoreFormatError, StoreUnavailableError } from '../../runtime/model/errors.ts'
import { InvalidOptionsError } from '../../runtime/model/invalid-options-error.ts'
import { messageOf } from '../../runtime/model/thrown.ts'
import type { Trouble } from './fleet-view.ts'

/**
 * What an error of a read means for the screen.
 * @throws the error itself where no retry and no screen is an answer to it: a defect, or an address that can't be one.
 */
export function troubleOf(error: unknown): Trouble {
  const message = messageOf(error)
  if (StoreFormatError.is(error)) return { kind: 'newer', message }
  if (StoreUnavailableError.is(error)) {
    return { kind: error.kind === 'forbidden' ? 'forbidden' : 'offline', message }
  }
  throw error
}

/** The same for a read of one screen: what it may have been asked for wrongly is said there. */
export function problemOf(error: unknown): string {
  return InvalidOptionsError.is(error) ? messageOf(error) : troubleOf(error).message
}
