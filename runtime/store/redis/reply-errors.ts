import { brandErrors } from '../../model/durable-jobs-error.ts'
import { StoreFullError, StoreUnavailableError } from '../../model/errors.ts'

/**
 * What an error means for a call.
 * - `again`: the server can't answer now; the same call may go through in a moment
 * - `elsewhere`: this connection leads to the wrong server; connect anew, then again
 * - `load`: the server does not know the script; send its source
 * - `refused`: it will be refused as often as it is asked
 */
type ErrorMeaning =
  | { readonly kind: 'again' | 'elsewhere' | 'load' }
  | { readonly kind: 'refused'; readonly error: Error }

/** An ACL forbids the user what was asked. */
export class ForbiddenError extends StoreUnavailableError {
  static {
    brandErrors(ForbiddenError, 'ForbiddenError')
  }
}

const again = { kind: 'again' } as const
const elsewhere = { kind: 'elsewhere' } as const

/** By the first word of a server's error. */
const meanings: Readonly<Record<string, (message: string, address: string) => ErrorMeaning>> = {
  // Before a failover is known to all, and while a server starts or is busy with a slow script.
  LOADING: () => again,
  BUSY: () => again,
  TRYAGAIN: () => again,
  CLUSTERDOWN: () => again,
  MASTERDOWN: () => again,
  NOREPLICAS: () => again,
  UNBLOCKED: () => again,
  MOVED: () => again,
  ASK: () => again,
  READONLY: () => elsewhere,
  NOSCRIPT: () => ({ kind: 'load' }),
  OOM: (_, address) => ({
    kind: 'refused',
    error: new StoreFullError(
      `${address} has reached its maxmemory and takes on nothing new; give it more memory, remove ended runs (durable-jobs remove ID), or shorten the retention of the workers`,
    ),
  }),
  MISCONF: (message, address) => refused(`${address} can't save to its disk and refuses writes: ${message}`),
  NOAUTH: (_, address) =>
    refused(
      `${address} asks for a password; write redis://:PASSWORD@HOST, redis://USER:PASSWORD@HOST, or store.password`,
    ),
  WRONGPASS: (_, address) => refused(`${address} refused the user name or password`),
  NOPERM: (message, address) => ({
    kind: 'refused',
    error: new ForbiddenError(
      `${address}: the user may not do this; docs/redis.md lists what an ACL user needs (${message})`,
    ),
  }),
}

function refused(message: string): ErrorMeaning {
  return { kind: 'refused', error: new StoreUnavailableError(message) }
}

/** @param address The server as it may be shown. */
export function meaningOf(error: Error, address: string): ErrorMeaning {
  const [word = ''] = error.message.split(' ')
  const known = meanings[word]
  if (known !== undefined) return known(error.message, address)
  // A script wraps what a command inside it was refused for.
  const inside = /(?:^|[ :-])(OOM|READONLY|MISCONF|NOREPLICAS|TRYAGAIN|CLUSTERDOWN|MASTERDOWN) /.exec(
    error.message,
  )?.[1]
  const forbidden = /user executing the script can't|No permissions? to/.test(error.message)
  if (forbidden) return meanings.NOPERM?.(error.message, address) ?? again
  if (inside !== undefined) return meanings[inside]?.(error.message, address) ?? again
  // The server said so, and not the way to it.
  if (error.name === 'ReplyError') return { kind: 'refused', error }
  return again
}
